import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { EngineError } from '../../engine/engine-error.ts';

/** Name of the file that describes a model folder. */
export const MANIFEST_FILE = 'earshot-model.json';

/** A plain file name: nothing outside of the model folder. */
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._+-]*$/);

const transducer = z.strictObject({
  encoder: fileName,
  decoder: fileName,
  joiner: fileName,
  tokens: fileName,
});
const encoderDecoder = z.strictObject({ encoder: fileName, decoder: fileName, tokens: fileName });
const single = z.strictObject({ model: fileName, tokens: fileName });

const described = {
  v: z.literal(1),
  name: z.string().min(1),
  /** ISO 639-1 codes, or `any`. */
  languages: z.union([z.array(z.string()).min(1), z.literal('any')]),
  licence: z.string().min(1),
  /** Longest audio the model takes well, seconds. */
  maxSeconds: z.number().positive(),
  /** Hex SHA-256 by file name; given ones are checked at start. */
  sha256: z.record(fileName, z.string().regex(/^[0-9a-f]{64}$/)).optional(),
};

/** What lies in a model folder; the family decides which files there must be. */
export const ModelManifest = z.discriminatedUnion('family', [
  z.strictObject({ ...described, family: z.literal('nemo_transducer'), files: transducer }),
  z.strictObject({ ...described, family: z.literal('transducer'), files: transducer }),
  z.strictObject({ ...described, family: z.literal('whisper'), files: encoderDecoder }),
  z.strictObject({ ...described, family: z.literal('nemo_ctc'), files: single }),
  z.strictObject({ ...described, family: z.literal('sense_voice'), files: single }),
]);
export type ModelManifest = z.infer<typeof ModelManifest>;

const misconfigured = (sentence: string, cause: unknown): EngineError =>
  new EngineError({ kind: 'misconfigured', cause: sentence }, { cause });

/** Reads a folder's manifest; throws `misconfigured` with what to do about it. */
export function readManifest(modelDir: string): ModelManifest {
  const path = join(modelDir, MANIFEST_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw misconfigured(`There is no ${path}: "earshot models" prints one for each known model.`, cause);
  }
  try {
    return ModelManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw misconfigured(`${path} is not a valid model description: "earshot models" prints examples.`, cause);
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Rejects with `misconfigured` unless all files are there and those with a checksum are what they should be. */
export async function checkModelFiles(modelDir: string, manifest: ModelManifest): Promise<void> {
  const expected = manifest.sha256 ?? {};
  for (const file of new Set([...Object.values(manifest.files), ...Object.keys(expected)])) {
    const wanted = expected[file];
    const found = await sha256Of(join(modelDir, file)).catch((cause: unknown) => {
      throw misconfigured(`The model file ${file} cannot be read in ${modelDir}.`, cause);
    });
    if (wanted !== undefined && wanted !== found) {
      throw misconfigured(`The model file ${file} is not the one its description names.`, undefined);
    }
  }
}
