import { EarshotError } from '@earshot/protocol';
import { appendOverHttp, type HttpAnswer, headOffset } from '../nodes/http-edge.ts';
import type { ServerNode } from '../nodes/server-node.ts';
import {
  backOffMs,
  type ClientWorld,
  Completion,
  newConnection,
  type SessionClient,
} from './client-world.ts';

/** A client that appends over HTTP: asks for the offset, sends from there, and frees what lies below it. */
export class HttpClient implements SessionClient {
  readonly #completion = new Completion();
  readonly #world: ClientWorld;
  #freed = 0;
  /** Where to append next; undefined when only the server knows. */
  #offset: number | undefined;
  #node: ServerNode | undefined;
  #attempt = 0;
  #shortfalls = 0;

  constructor(world: ClientWorld) {
    this.#world = world;
  }

  get link(): undefined {
    return undefined;
  }

  doubleUp(): void {
    // An append has its answer before the next one begins.
  }

  get done(): boolean {
    return this.#completion.done;
  }

  get finished(): Promise<void> {
    return this.#completion.promise;
  }

  start(): void {
    void this.#run();
  }

  async #run(): Promise<void> {
    const { scheduler, random, source } = this.#world;
    while (!this.done) {
      await scheduler.sleep(source.frameMs * (1 + 6 * random.next()), 'http client');
      try {
        this.#hear(this.#offset === undefined ? await this.#head() : await this.#append(this.#offset));
        this.#attempt = 0;
      } catch (error) {
        this.#offset = undefined;
        if (isFinal(error)) this.#completion.complete();
        this.#attempt += 1;
        await scheduler.sleep(backOffMs(random, this.#attempt), 'http client waits');
      }
    }
  }

  async #head(): Promise<HttpAnswer> {
    const { cluster, session, source } = this.#world;
    const node = this.#chooseNode();
    const connection = newConnection(this.#world, node, source.seed);
    return await cluster.request(node, 'head', (process) => headOffset(process, connection, session.ref));
  }

  async #append(offset: number): Promise<HttpAnswer> {
    const { cluster, session, source, random } = this.#world;
    const to = Math.min(source.produced, offset + source.frameSamples * random.between(1, 6));
    const pieces: Int16Array[] = [];
    for (let at = offset; at < to; at += source.frameSamples) {
      pieces.push(source.samples(source.seed, at, Math.min(to, at + source.frameSamples)));
    }
    const complete = to >= source.totalSamples;
    // Now and then the body breaks off: what came of it counts.
    const sent = random.chance(0.1) ? pieces.slice(0, random.between(0, pieces.length)) : pieces;
    const node = this.#chooseNode();
    const connection = newConnection(this.#world, node, source.seed);
    const request = { ref: session.ref, offset, pieces: sent, complete: complete && sent === pieces };
    return await cluster.request(node, 'append', (process) => appendOverHttp(process, connection, request));
  }

  #hear(answer: HttpAnswer): void {
    const { source, history, session, reach } = this.#world;
    if (answer.status === 409) reach('offset refused over HTTP');
    if (answer.offset > source.produced) {
      history.violate(session, 'I3', `offset ${answer.offset}, sent were ${source.produced}`);
    }
    if (answer.offset < this.#freed) {
      // Another node does not have what the first one holds; it may come back.
      this.#shortfalls += 1;
      this.#offset = undefined;
      if (this.#shortfalls > 40) this.#giveUp(answer.offset);
      return;
    }
    this.#freed = answer.offset;
    this.#offset = answer.offset;
    if (this.#freed >= source.totalSamples) this.#completion.complete();
  }

  #giveUp(offset: number): void {
    this.#completion.complete();
    this.#world.session.abandoned = `offset ${offset} below ${this.#freed}`;
  }

  #chooseNode(): ServerNode {
    const { cluster, random } = this.#world;
    this.#node =
      this.#shortfalls > 0 && random.chance(0.5)
        ? (this.#node ?? cluster.pick(random))
        : cluster.pick(random, this.#node);
    return this.#node;
  }
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof EarshotError &&
    ['session_ended', 'session_completed', 'session_expired', 'session_not_found'].includes(error.code)
  );
}
