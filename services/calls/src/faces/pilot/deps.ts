import type { Clip } from '@earshot/calls';
import type { MediaMode, RealtimeMediaResponse } from '@earshot/protocol';
import type { Keyring, RequestHeaders } from '@earshot/runtime';
import type { CallArchive } from '@earshot/storage';
import type { Calls } from '../../ports.ts';

/** Makes a token for the audio of one call; it dies with the credential in the headers. */
export type MintMediaToken = (
  callId: string,
  mode: MediaMode,
  headers: RequestHeaders,
) => Promise<RealtimeMediaResponse>;

/** What the Pilot Status face calls. */
export interface PilotDeps {
  readonly calls: Calls;
  readonly archive: Pick<
    CallArchive,
    'createLine' | 'readLine' | 'listLines' | 'listAllLines' | 'removeLine'
  >;
  readonly keyring: Pick<Keyring, 'create' | 'list' | 'revoke'>;
  /** The audio behind a URL; throws `invalid_request`, `upstream_unreachable` `invalid_audio_format`, and others of audio that is too much. */
  readonly clips: { fromUrl(tenant: string, mediaUrl: string): Promise<Clip> };
  readonly mintMediaToken: MintMediaToken;
  /** Names of the carriers that this server has. */
  readonly carriers: readonly string[];
  readonly newId: (prefix: 'lin') => string;
  readonly now: () => Date;
}
