import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { EarshotError } from '@earshot/protocol';
import {
  ChecksumMismatch,
  type ObjectInfo,
  ObjectNotFound,
  type ObjectStore,
  type PutOptions,
  type WriteOutcome,
} from '@earshot/storage';
import type { Random } from '../../runner/random.ts';
import type { Life, Scheduler } from '../scheduler/scheduler.ts';
import { fairWeather, Remote } from './remote.ts';

/** A process that lives this long after a write has had the time to look what came meanwhile, ms. */
const LOOK_BEHIND_MS = 300;

/** An object store in memory, shared by all processes of a run. */
export class SimulatedStore {
  readonly remote: Remote;
  readonly objects = new Map<string, Uint8Array>();
  /** Keys that were written over with other bytes. */
  readonly replaced: string[] = [];
  /** Of the bodies, how many arrive with a wrong byte; the checksum tells. */
  garbling = 0;
  /** Told of each object that is new. */
  onCreated: (key: string) => void = () => undefined;
  /** Told of each segment that is written, and whether it was there already. */
  onSegment: (key: string, outcome: 'tried' | WriteOutcome) => void = () => undefined;
  /** Told of each claim that a node could not store, as far as it knows. */
  onClaimRefused: (key: string, node: string) => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  /** Who wrote each object last, and when that took effect. */
  readonly #writers = new Map<string, { readonly life: Life; readonly atMs: number }>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.remote = new Remote('store', scheduler, fairWeather(8));
    this.#random = scheduler.fork('store bodies');
  }

  /** The store as one process sees it. */
  view(life: Life): ObjectStore {
    const call = <T>(what: string, effect: () => T): Promise<T> => this.remote.call(life, what, effect);
    return {
      description: 'memory',
      put: (key, body, options = {}) => {
        const sent = body.slice();
        if (key.endsWith('.wav')) this.onSegment(key, 'tried');
        const storing = call(`put ${key}`, () => {
          const outcome = this.#put(key, sent, options);
          if (outcome === 'created') this.#writers.set(key, { life, atMs: this.#scheduler.nowMs });
          return outcome;
        });
        if (key.includes('/claims/')) storing.catch(() => this.onClaimRefused(key, life.name));
        return storing;
      },
      putFile: () => Promise.reject(new Error('no files here')),
      get: (key) => call(`get ${key}`, () => this.#get(key).slice()),
      read: async (key, range) => {
        const body = await call(`read ${key}`, () => this.#get(key).slice(range?.start, range?.end));
        return Readable.from([Buffer.from(body)]);
      },
      head: (key) => call(`head ${key}`, () => this.#head(key)),
      list: (prefix, options = {}) => call(`list ${prefix}`, () => this.#list(prefix, options.delimiter)),
      listAll: (prefix) => this.#listAll(life, prefix),
      remove: (keys) => call(`remove ${keys.length}`, () => this.#remove(keys)),
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  /** True of an object whose writer died before it could hear of it, and look what came meanwhile. */
  isLeftBehind(key: string): boolean {
    const writer = this.#writers.get(key);
    return writer?.life.diedMs !== undefined && writer.life.diedMs < writer.atMs + LOOK_BEHIND_MS;
  }

  /** Keys under a prefix, in order. */
  keysUnder(prefix: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  #put(key: string, sent: Uint8Array, options: PutOptions): WriteOutcome {
    const outcome = this.#write(key, sent, options);
    if (key.endsWith('.wav')) this.onSegment(key, outcome);
    return outcome;
  }

  #write(key: string, sent: Uint8Array, options: PutOptions): WriteOutcome {
    if (this.garbling > 0 && this.#random.chance(this.garbling) && sent.length > 0) {
      const at = this.#random.between(0, sent.length - 1);
      sent[at] = sent[at]! ^ 1;
      // Without a checksum of ours the transport's own one tells.
      if (options.sha256 === undefined) throw new EarshotError('service_unavailable');
    }
    if (options.sha256 !== undefined && sha256(sent) !== options.sha256) throw new ChecksumMismatch(key);
    const before = this.objects.get(key);
    if (before !== undefined && options.createOnly === true) return 'exists';
    if (before !== undefined && Buffer.compare(before, sent) !== 0) this.replaced.push(key);
    this.objects.set(key, sent);
    if (before === undefined) this.onCreated(key);
    return 'created';
  }

  #get(key: string): Uint8Array {
    const body = this.objects.get(key);
    if (body === undefined) throw new ObjectNotFound(key);
    return body;
  }

  #head(key: string): ObjectInfo | null {
    const body = this.objects.get(key);
    return body === undefined ? null : info(key, body);
  }

  #list(prefix: string, delimiter: '/' | undefined) {
    const objects: ObjectInfo[] = [];
    const prefixes = new Set<string>();
    for (const key of this.keysUnder(prefix)) {
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      if (slash >= 0) prefixes.add(key.slice(0, slash + 1));
      else objects.push(info(key, this.#get(key)));
    }
    return { objects, prefixes: [...prefixes], truncated: false };
  }

  async *#listAll(life: Life, prefix: string): AsyncGenerator<ObjectInfo> {
    yield* await this.remote.call(life, `list ${prefix}`, () => this.#list(prefix, undefined).objects);
  }

  #remove(keys: readonly string[]): void {
    for (const key of keys) this.objects.delete(key);
  }
}

function info(key: string, body: Uint8Array): ObjectInfo {
  return { key, bytes: body.length, modifiedAt: new Date(0) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
