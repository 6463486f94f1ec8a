import { rejects } from 'node:assert/strict';
import type { ObjectStore } from '../../port/object-store.ts';

/** One promise of the port. `run` rejects when the store breaks it; it writes only below `prefix`. */
export interface StoreCheck {
  readonly name: string;
  readonly run: (store: ObjectStore, prefix: string) => Promise<void>;
}

/** Bytes of a short text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The whole of a stream. */
export async function drain(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Rejects unless the promise rejects with an error of this class. */
export function fails(
  promise: Promise<unknown>,
  expected: new (key: string) => Error,
  what?: string,
): Promise<void> {
  return rejects(promise, (error) => error instanceof expected, what);
}
