import type { SessionRef } from '@earshot/protocol';
import type { StreamNotice } from '@earshot/sessions';

/** Name of a session in maps. */
export function nameOf(ref: SessionRef): string {
  return `${ref.tenant}/${ref.sessionId}`;
}

interface Opening {
  count: number;
  readonly notices: StreamNotice[];
  turn: Promise<void>;
}

/** Sessions that a connection is being opened for: keeps the notices that come meanwhile, and the order. */
export class Openings {
  readonly #openings = new Map<string, Opening>();

  has(ref: SessionRef): boolean {
    return this.#openings.has(nameOf(ref));
  }

  /** True when another connection than the caller's is being opened. */
  isBusy(ref: SessionRef): boolean {
    return (this.#openings.get(nameOf(ref))?.count ?? 0) > 1;
  }

  begin(ref: SessionRef): void {
    const opening = this.#openings.get(nameOf(ref)) ?? { count: 0, notices: [], turn: Promise.resolve() };
    opening.count += 1;
    this.#openings.set(nameOf(ref), opening);
  }

  end(ref: SessionRef): void {
    const opening = this.#openings.get(nameOf(ref));
    if (opening === undefined) return;
    opening.count -= 1;
    if (opening.count === 0) this.#openings.delete(nameOf(ref));
  }

  /** Remembers a notice for connections that are not open yet. */
  notice(notice: StreamNotice): void {
    this.#openings.get(nameOf(notice.ref))?.notices.push(notice);
  }

  /** Notices that came while this session was being opened and mean this epoch. */
  noticesFor(ref: SessionRef, epoch: number): StreamNotice[] {
    const notices = this.#openings.get(nameOf(ref))?.notices ?? [];
    return notices.filter((notice) => notice.epoch >= epoch);
  }

  /** Runs one at a time per session, in order of the calls. */
  async inTurn<T>(ref: SessionRef, run: () => Promise<T>): Promise<T> {
    const opening = this.#openings.get(nameOf(ref));
    const before = opening?.turn ?? Promise.resolve();
    const result = before.then(run);
    if (opening !== undefined) {
      opening.turn = result.then(
        () => undefined,
        () => undefined,
      );
    }
    return await result;
  }
}
