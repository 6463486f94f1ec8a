import { CreateSessionRequest, EarshotError } from '@earshot/protocol';
import type { ServerProcess } from '../nodes/server-process.ts';
import { AcknowledgedClient } from './acknowledged-client.ts';
import { backOffMs, type ClientWorld, type SessionClient } from './client-world.ts';
import { HttpClient } from './http-client.ts';
import { PlainClient } from './plain-client.ts';

const STREAM_REQUEST = CreateSessionRequest.parse({ upload_type: 'stream' });
const CREATOR = { tenant: 'clinic', subject: 'key_1', test: false };

/** When and how the session's owner ends it. */
export interface EndingPlan {
  /** End comes this long after the start whatever the client does; undefined: when the client is done. */
  readonly atMs: number | undefined;
  /** How many Ends at once. */
  readonly parallel: number;
  /** It is erased instead, this long after the start. */
  readonly eraseAtMs: number | undefined;
}

/** Takes one session through its life: create, feed, end or erase, and asks again afterwards. */
export class SessionDriver {
  /** The session is ended or erased, as far as its owner can tell. */
  over = false;
  readonly client: SessionClient;
  readonly #world: ClientWorld;
  readonly #plan: EndingPlan;

  constructor(world: ClientWorld, plan: EndingPlan) {
    this.#world = world;
    this.#plan = plan;
    this.client = clientOf(world);
  }

  async run(): Promise<void> {
    const { scheduler, session, reach } = this.#world;
    await this.#insist('create', (process) => {
      const request = { ...STREAM_REQUEST, session_id: session.ref.sessionId };
      return process.sessions.create(CREATOR, { request, idempotencyKey: undefined });
    });
    this.client.start();
    const { atMs, eraseAtMs } = this.#plan;
    if (eraseAtMs !== undefined) {
      await scheduler.sleep(eraseAtMs, 'owner erases');
      return this.#erase();
    }
    const timeUp = atMs === undefined ? [] : [scheduler.sleep(atMs, 'owner ends')];
    await Promise.race([this.client.finished, ...timeUp]);
    if (!this.client.done) reach('End while the stream was live');
    await this.#end();
  }

  async #end(): Promise<void> {
    const { session, random, scheduler, reach } = this.#world;
    await Promise.all(Array.from({ length: this.#plan.parallel }, () => this.#endOnce()));
    session.ended = true;
    if (random.chance(0.3)) {
      await scheduler.sleep(3000 * random.next(), 'owner ends again');
      reach('End repeated');
      await this.#endOnce();
    }
    this.over = true;
  }

  async #endOnce(): Promise<void> {
    const { session } = this.#world;
    const answer = await this.#insist('end', (process) => {
      const last = session.connections.at(-1);
      if (last !== undefined && last.node !== process.life.name)
        this.#world.reach('End on another node than the stream');
      return process.sessions.end(session.ref, {});
    });
    if (answer !== undefined) session.endAnswers.push(answer);
  }

  async #erase(): Promise<void> {
    const { session, reach } = this.#world;
    session.erased = true;
    if (!this.client.done) reach('session erased while live');
    await this.#insist('erase', (process) => process.sessions.erase(session.ref));
    this.over = true;
  }

  /** Tries until there is an answer that trying again would not change. */
  async #insist<T>(what: string, handle: (process: ServerProcess) => Promise<T>): Promise<T | undefined> {
    const { cluster, random, scheduler, history, session } = this.#world;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await cluster.request(cluster.pick(random), what, handle);
      } catch (error) {
        if (error instanceof EarshotError && !error.retryable) {
          const expected = error.code === 'session_not_found' && session.erased;
          if (!expected) history.violate(session, 'I6', `${what} was refused: ${error.code}`);
          return undefined;
        }
        if (what === 'end' && error instanceof EarshotError)
          this.#world.reach('End refused for now and tried again');
      }
      await scheduler.sleep(backOffMs(random, attempt), `owner waits to ${what}`);
    }
  }
}

function clientOf(world: ClientWorld): SessionClient {
  switch (world.session.kind) {
    case 'acknowledged':
      return new AcknowledgedClient(world);
    case 'plain':
      return new PlainClient(world);
    case 'http':
      return new HttpClient(world);
  }
}
