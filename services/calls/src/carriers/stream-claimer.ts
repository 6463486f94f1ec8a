import type { CallHandle } from '../ports.ts';

/** How a media stream introduced itself in its first frames, on a socket whose sender has proved who it is. */
export interface StreamIntroduction {
  /** Of the URL that it dialled. */
  readonly lineId: string;
  /** The provider's own id of the call. */
  readonly externalCallId: string | null;
  /** What the provider was told to pass on, such as Twilio's `start.customParameters`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * What to do with a stream. `attach`: it is the media leg of a call that was placed from here; the edge tells that
 * call's handle `connected`, `audio` and so on, and makes no incoming call. `refuse`: it names a call that is over,
 * unknown here or already has its media; the edge closes the socket. `unclaimed`: it is nobody's, an incoming call.
 */
export type StreamClaim =
  | { readonly kind: 'attach'; readonly handle: CallHandle }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'unclaimed' };

/**
 * Finds the call that a stream belongs to. Asked once for each stream, before `connected`. After the handle was told
 * `unlinked`, a further stream of the same call attaches to it again. Never throws, never waits.
 */
export interface StreamClaimer {
  claimStream(stream: StreamIntroduction): StreamClaim;
}

/** The parameter by which streams of placed calls carry the call's id. */
export const CALL_ID_PARAMETER = 'earshotCallId';
