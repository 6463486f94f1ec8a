import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, type ModelManifest } from '../engines/sherpa/manifest.ts';

/** Protocol Buffers wire format (protobuf.dev/programming-guides/encoding): varints and length-delimited fields. */
type Bytes = readonly number[];

function varint(value: number): Bytes {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
const int = (field: number, value: number): Bytes => [...varint(field * 8), ...varint(value)];
const message = (field: number, ...parts: readonly Bytes[]): Bytes => {
  const body = parts.flat();
  return [...varint(field * 8 + 2), ...varint(body.length), ...body];
};
const text = (field: number, value: string): Bytes => message(field, [...Buffer.from(value)]);

const FLOAT = 1;
const INT64 = 7;
const MEL_BANDS = 80;
/** Frames of 10 ms that give one output. */
const FRAMES = 8;
/** `low`, `high`, blank. */
const CLASSES = 3;

const attribute = (name: string, values: readonly number[]): Bytes =>
  message(5, text(1, name), ...values.map((value) => int(8, value)), int(20, 7));

const node = (
  operation: string,
  wires: readonly [inputs: string[], output: string],
  ...attributes: Bytes[]
): Bytes =>
  message(1, ...wires[0].map((name) => text(1, name)), text(2, wires[1]), text(4, operation), ...attributes);

const tensor = (name: string, dims: readonly number[], values: readonly number[]): Bytes => {
  const raw = new Uint8Array(Float32Array.from(values).buffer);
  return message(5, ...dims.map((dim) => int(1, dim)), int(2, FLOAT), text(8, name), message(9, [...raw]));
};

/** A graph input or output; a size of 0 stands for any. */
const value = (field: number, name: string, type: { element: number; dims: readonly number[] }): Bytes => {
  const dims = type.dims.map((dim) => message(1, dim === 0 ? text(2, 'n') : int(1, dim)));
  return message(field, text(1, name), message(2, message(1, int(1, type.element), message(2, ...dims))));
};

/** Mean energy of the lowest and of the highest bands, against a fixed level for the blank. */
function weights(): number[] {
  return Array.from({ length: MEL_BANDS * CLASSES }, (_, i) => {
    const band = Math.floor(i / CLASSES);
    if (i % CLASSES === 0) return band < 20 ? 1 / 20 : 0;
    return i % CLASSES === 1 && band >= 60 ? 1 / 20 : 0;
  });
}

const metadata = (key: string, content: string): Bytes => message(14, text(1, key), text(2, content));

/**
 * An ONNX CTC model of about 2 kB that says `low` for low tones, `high` for high ones and nothing for silence. It
 * goes through the real library's load, features, decode and crash paths; it says nothing about accuracy.
 */
function tinyCtcModel(): Uint8Array {
  const graph = message(
    7,
    node(
      'AveragePool',
      [['audio'], 'pooled'],
      attribute('kernel_shape', [FRAMES]),
      attribute('strides', [FRAMES]),
    ),
    node('Transpose', [['pooled'], 'turned'], attribute('perm', [0, 2, 1])),
    node('MatMul', [['turned', 'weights'], 'scored']),
    node('Add', [['scored', 'bias'], 'logits']),
    text(2, 'tiny'),
    tensor('weights', [MEL_BANDS, CLASSES], weights()),
    tensor('bias', [CLASSES], [0, 0, -14]),
    value(11, 'audio', { element: FLOAT, dims: [0, MEL_BANDS, 0] }),
    value(11, 'length', { element: INT64, dims: [0] }),
    value(12, 'logits', { element: FLOAT, dims: [0, 0, CLASSES] }),
  );
  return Uint8Array.from([
    ...int(1, 8),
    ...graph,
    ...message(8, int(2, 13)),
    ...metadata('model_type', 'EncDecCTCModelBPE'),
    ...metadata('vocab_size', String(CLASSES)),
    ...metadata('subsampling_factor', String(FRAMES)),
    ...metadata('normalize_type', ''),
  ]);
}

/** Writes the tiny model as a model folder of the local neural engine. */
export async function writeTinyModel(folder: string, changes: Partial<ModelManifest> = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), tinyCtcModel());
  await writeFile(join(folder, 'tokens.txt'), '\u2581low 0\n\u2581high 1\n<blk> 2\n');
  const manifest = {
    v: 1,
    name: 'tiny',
    family: 'nemo_ctc',
    files: { model: 'model.onnx', tokens: 'tokens.txt' },
    languages: ['en'],
    licence: 'Apache-2.0',
    maxSeconds: 30,
    ...changes,
  };
  await writeFile(join(folder, MANIFEST_FILE), JSON.stringify(manifest));
}
