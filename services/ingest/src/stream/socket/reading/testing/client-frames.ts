import fc from 'fast-check';

/** One frame as a client would send it. */
export interface ClientFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly mask: readonly [number, number, number, number];
}

export function frameBytes({ fin, opcode, payload, mask }: ClientFrame): Uint8Array {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const bytes = new Uint8Array(6 + extended + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (fin ? 0x80 : 0) | opcode;
  bytes[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(mask, 2 + extended);
  payload.forEach((byte, index) => {
    bytes[6 + extended + index] = byte ^ (mask[index % 4] ?? 0);
  });
  return bytes;
}

const byte = fc.integer({ min: 0, max: 255 });
const mask = fc.tuple(byte, byte, byte, byte);
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }) },
  fc.constantFrom(125, 126, 127, 640, 65_535, 65_536, 70_001),
);
const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 3)) & 0xff);
const words = fc.string({ unit: 'grapheme', maxLength: 300 }).map((text) => new TextEncoder().encode(text));

const single = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(size, byte).map(([length, seed]) => ({ opcode: 2, payload: bytesOf(length, seed) })),
  },
  { weight: 3, arbitrary: words.map((payload) => ({ opcode: 1, payload })) },
  fc.tuple(fc.constantFrom(9, 10), fc.integer({ min: 0, max: 125 })).map(([opcode, length]) => ({
    opcode,
    payload: bytesOf(length, 5),
  })),
);

/** A message in fragments, with a ping between two of them. */
function fragments(payload: Uint8Array, at: number): Omit<ClientFrame, 'mask'>[] {
  const cut = Math.min(at, payload.length);
  return [
    { fin: false, opcode: 2, payload: payload.subarray(0, cut) },
    { fin: true, opcode: 9, payload: new Uint8Array(3) },
    { fin: true, opcode: 0, payload: payload.subarray(cut) },
  ];
}

const frames = fc.oneof(
  { weight: 8, arbitrary: single.map((one) => [{ fin: true, ...one }]) },
  fc.tuple(size, byte, fc.nat(500)).map(([length, seed, at]) => fragments(bytesOf(length, seed), at)),
);

/** Valid frames in any order, and the places at which the network cuts their bytes. */
export const conversation = fc
  .array(fc.tuple(frames, mask), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.flatMap(([some, key]) => some.map((frame) => ({ ...frame, mask: key }))));
export const cuts = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 });

/** The messages of valid frames, control frames apart. */
export function messagesOf(sent: readonly ClientFrame[]): { binary: boolean; data: Buffer }[] {
  const messages: { binary: boolean; data: Buffer }[] = [];
  let open: Uint8Array[] = [];
  for (const { fin, opcode, payload } of sent) {
    if (opcode > 7) continue;
    open.push(payload);
    if (!fin) continue;
    messages.push({ binary: opcode !== 1, data: Buffer.concat(open) });
    open = [];
  }
  return messages;
}

/** Cuts bytes into pieces of the given sizes, over and over. */
export function* pieces(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const next = at + (sizes[turn % sizes.length] ?? 1);
    yield bytes.slice(at, next);
    at = next;
  }
}
