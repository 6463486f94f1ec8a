import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** What is known of an object without reading it. */
export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** `exists` is answered only to `createOnly` writes, and then nothing was changed. */
export type WriteOutcome = 'created' | 'exists';

export interface PutOptions {
  /** Refuses to replace an object; of any number of such writers exactly one is told `created`. */
  readonly createOnly?: boolean;
  readonly contentType?: string;
  /** Hex SHA-256 that the stored bytes must have; nothing is stored when they do not. */
  readonly sha256?: string;
}

export interface PutFileOptions extends PutOptions {
  readonly bytes: number;
  readonly sha256: string;
  /**
   * A handle of the file, from a caller that made it just now, counted and hashed it as it was written, and will not
   * touch it again but to remove its name: a store on the same file system may then keep it in place of a copy.
   */
  readonly handedOver?: FileHandle;
}

/** Bytes [start, end) of an object; what lies beyond its size is left out. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ListOptions {
  /** Only keys behind this one; the last object or prefix of a page leads to the next page. */
  readonly startAfter?: string;
  /** Objects and prefixes together; 1000 unless told. */
  readonly limit?: number;
  /** Keys that go on behind a slash come as one prefix, as S3 does it. */
  readonly delimiter?: '/';
}

export interface ObjectPage {
  /** In the order of their keys. */
  readonly objects: ObjectInfo[];
  readonly prefixes: string[];
  /** There is more behind the last object or prefix. */
  readonly truncated: boolean;
}

/**
 * A store of whole, immutable-by-convention objects. A resolved write is durable and visible to every reader.
 * Keys follow `assertKey`. Failures of the store are `EarshotError` `service_unavailable` or `insufficient_storage`.
 */
export interface ObjectStore {
  /** Kind and place for logs; no credentials. */
  readonly description: string;
  /** Throws ChecksumMismatch when the bytes do not have the promised checksum. */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<WriteOutcome>;
  /** As `put`, streamed from a local file that must not change meanwhile; never held in memory as a whole. */
  putFile(key: string, path: string, options: PutFileOptions): Promise<WriteOutcome>;
  /** The whole object; throws ObjectNotFound. */
  get(key: string): Promise<Uint8Array>;
  /** A stream that must be read to its end or destroyed; throws ObjectNotFound, later failures come as 'error'. */
  read(key: string, range?: ByteRange): Promise<Readable>;
  head(key: string): Promise<ObjectInfo | null>;
  list(prefix: string, options?: ListOptions): Promise<ObjectPage>;
  /** Every object under a prefix in key order, page by page. */
  listAll(prefix: string): AsyncIterable<ObjectInfo>;
  /** Keys without an object are no error. */
  remove(keys: readonly string[]): Promise<void>;
  /** Checks at start that the store is there, writable, and honours `createOnly`; says what to do when not. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** No object has this key. */
export class ObjectNotFound extends Error {
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super('no object has this key', options);
    this.name = 'ObjectNotFound';
    this.key = key;
  }
}

/** The bytes are not those that the caller promised; nothing was stored. */
export class ChecksumMismatch extends Error {
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super('the bytes do not have the promised length or SHA-256', options);
    this.name = 'ChecksumMismatch';
    this.key = key;
  }
}
