import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EarshotError } from '@earshot/protocol';
import { closingFor } from './client/closing.ts';
import { ClientRounds } from './client-rounds.ts';
import { Door } from './door.ts';
import { type MediaEdgeDeps, mediaContext } from './media-deps.ts';
import { createMediaTokens, type MediaGrant, type MintedToken } from './tokens/media-tokens.ts';
import { mediaPath, pathOf, readMediaTarget } from './upgrade/media-target.ts';
import { refuseUpgrade } from './upgrade/refusal.ts';

/** Tokens that nobody used are looked for this often, ms. */
const SWEEP_MS = 5000;

/** A media token with the path, query included, at which it is used. */
interface MintedPath extends MintedToken {
  readonly path: string;
}

/** The sockets of one node by which programs talk and listen on its calls. */
export interface MediaEdge {
  /** Throws `call_not_active` for a call that this node does not carry, `rate_limit_exceeded`, `shutting_down`. */
  mint(grant: MediaGrant): MintedPath;
  /**
   * Answers an HTTP server's `upgrade` when its path is one of a media socket; false, and nothing was touched, when it
   * is not.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** The call is over: tokens for it are worth nothing from now on. Its clients hear that from the call. */
  callEnded(callId: string): void;
  /** Sockets that are open or being closed. */
  readonly clients: number;
  /** Refuses new clients and closes all others with 1012; resolves within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/** Creates the media sockets of a node. Throws a RangeError for a `mediaFrameBytes` that is odd or out of range. */
export function createMediaEdge(deps: MediaEdgeDeps): MediaEdge {
  const context = mediaContext(deps);
  const tokens = createMediaTokens({
    now: context.elapsedMs,
    randomBytes: deps.randomBytes ?? ((count) => randomBytes(count)),
  });
  const rounds = new ClientRounds();
  const door = new Door(deps, { context, tokens, rounds });
  let sweepAt = 0;
  rounds.start(context.elapsedMs, (now) => {
    if (now < sweepAt) return;
    sweepAt = now + SWEEP_MS;
    tokens.sweep((callId) => deps.calls.carries(callId));
  });

  return {
    mint(grant) {
      if (door.isClosed) throw new EarshotError('shutting_down');
      if (!deps.calls.carries(grant.callId)) throw new EarshotError('call_not_active');
      const minted = tokens.mint(grant);
      return { ...minted, path: `${mediaPath(grant)}?token=${minted.token}` };
    },
    handleUpgrade(request, socket, head) {
      const target = readMediaTarget(request.url);
      if (target === null) return false;
      socket.on('error', () => undefined);
      const admission = door.admit({ request, socket, head, target });
      // Whoever logs the request from here on cannot log its token.
      request.url = pathOf(request.url);
      admission.catch((error: unknown) => {
        if (!(error instanceof EarshotError)) context.log.error({ err: error }, 'an upgrade failed');
        context.observer.refused(error instanceof EarshotError ? error.code : 'internal_error');
        refuseUpgrade(socket, error);
      });
      return true;
    },
    callEnded: (callId) => tokens.drop(callId),
    get clients() {
      return rounds.size;
    },
    async close(deadlineMs) {
      door.isClosed = true;
      const until = performance.now() + deadlineMs;
      for (const client of rounds.all) client.close(closingFor('shutting_down'));
      while (rounds.size > 0 && performance.now() < until) await sleep(10);
      for (const client of rounds.all) client.cut();
      rounds.stop();
    },
  };
}
