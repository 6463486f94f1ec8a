import type { SessionRef } from '@earshot/protocol';
import { StreamState } from '../held/stream-state.ts';

/** Every stream that a file may still mention. */
export class StreamTable {
  /** The number of the next new stream. */
  nextNumber = 1;
  /** The stream of a session that is neither closed nor erased. */
  readonly #open = new Map<string, StreamState>();
  readonly #bySession = new Map<string, Set<StreamState>>();

  /** The open stream of a session, or a new one. */
  open(ref: SessionRef): StreamState {
    const open = this.#open.get(keyOf(ref));
    if (open !== undefined) return open;
    const state = new StreamState(this.nextNumber, ref);
    this.adopt(state);
    return state;
  }

  /** Takes a stream that recovery found. */
  adopt(state: StreamState): void {
    const key = keyOf(state.ref);
    this.nextNumber = Math.max(this.nextNumber, state.number + 1);
    if (!state.closed) this.#open.set(key, state);
    const ofSession = this.#bySession.get(key) ?? new Set();
    this.#bySession.set(key, ofSession.add(state));
  }

  /** The next `open` of the session makes a new stream. */
  closed(state: StreamState): void {
    const key = keyOf(state.ref);
    if (this.#open.get(key) === state) this.#open.delete(key);
    if (state.files.size === 0) this.forget(state);
  }

  /** No file mentions the closed stream any more. */
  forget(state: StreamState): void {
    const key = keyOf(state.ref);
    const ofSession = this.#bySession.get(key);
    ofSession?.delete(state);
    if (ofSession?.size === 0) this.#bySession.delete(key);
  }

  /** All streams of a session, closed ones included. */
  ofSession(ref: SessionRef): StreamState[] {
    return [...(this.#bySession.get(keyOf(ref)) ?? [])];
  }
}

function keyOf(ref: SessionRef): string {
  return `${ref.tenant}/${ref.sessionId}`;
}
