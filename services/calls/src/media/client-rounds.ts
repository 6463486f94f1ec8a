import type { MediaClient } from './client/media-client.ts';

/** Clients are looked after this often, ms; a paused talker is read again no later than this. */
const ROUND_MS = 100;

/** All clients of the edge, looked after by one timer. */
export class ClientRounds {
  readonly #clients = new Set<MediaClient>();
  readonly #listenersByCall = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `round` is called before the clients of each round. Times are monotonic ms. */
  start(elapsedMs: () => number, round: (now: number) => void): void {
    this.#timer = setInterval(() => {
      const now = elapsedMs();
      round(now);
      for (const client of this.#clients) client.tick(now);
    }, ROUND_MS);
  }

  get size(): number {
    return this.#clients.size;
  }

  get all(): readonly MediaClient[] {
    return [...this.#clients];
  }

  listenersOf(callId: string): number {
    return this.#listenersByCall.get(callId) ?? 0;
  }

  add(client: MediaClient): void {
    this.#clients.add(client);
    this.#count(client, 1);
  }

  remove(client: MediaClient): void {
    if (this.#clients.delete(client)) this.#count(client, -1);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #count(client: MediaClient, change: number): void {
    const { callId, mode } = client.profile.name;
    if (mode !== 'listen') return;
    const count = this.listenersOf(callId) + change;
    if (count === 0) this.#listenersByCall.delete(callId);
    else this.#listenersByCall.set(callId, count);
  }
}
