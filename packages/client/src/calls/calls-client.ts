import type { MediaMode } from '@earshot/protocol';
import { EarshotApiError } from '../http/api-error.ts';
import { createBodyOpener } from '../http/body-opener.ts';
import { authorization, type Credentials, createRequester } from '../http/requester.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../http/retry-policy.ts';
import type { SocketConstructor } from '../stream/link/socket.ts';
import { type AssetCalls, assetCalls } from './asset-calls.ts';
import { type CallActions, type CallName, callActions, callUrl, lineUrl } from './call-actions.ts';
import { type EventOptions, type LineEvent, lineEvents } from './events/line-events.ts';
import type { CallMedia, MediaOptions } from './media/call-media.ts';
import { joinMedia } from './media/live-media.ts';
import { openByKey, openByLink } from './media/media-socket.ts';
import { type RecordingCalls, recordingCalls } from './recording-calls.ts';

export interface CallsClientOptions extends Credentials {
  /** Origin of the calls service, such as `http://127.0.0.1:8081`; `/api/v1` is added when it is not there. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch;
  readonly WebSocket?: SocketConstructor;
  readonly retry?: Partial<RetryPolicy>;
}

/**
 * Which audio: a call by its name, with the client's own credential, which takes Node, as browsers do not let pages
 * put one on a socket; or the `wsUrl` of a realtime session (Pilot Status API), which works everywhere once.
 */
export type MediaTarget = (CallName & { readonly mode?: MediaMode }) | { readonly wsUrl: string };

/** Live calls of an earshot server. Every method throws EarshotApiError or EarshotConnectionError. */
export interface CallsClient extends CallActions, AssetCalls, RecordingCalls {
  /** What happens, over drops and restarts, from now or from where `after` says; until `signal` aborts. */
  events(options?: EventOptions): AsyncGenerator<LineEvent>;
  /** Joins the audio of an active call, to talk unless `mode` is `listen`; a newer talker takes an older one's place. */
  openMedia(target: MediaTarget, options?: MediaOptions): Promise<CallMedia>;
}

/** Builds a client of calls for one server and one identity. Works in browsers and in Node 20 and later. */
export function createCallsClient(options: CallsClientOptions): CallsClient {
  const base = apiBase(options.baseUrl);
  const http = { ...options, fetch: options.fetch ?? globalThis.fetch };
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const request = createRequester({ ...http, retry });
  const once = createRequester({ ...http, retry: { ...retry, attempts: 1 } });
  const open = createBodyOpener(http);
  return {
    ...callActions(base, { request, once }),
    ...assetCalls(base, request),
    ...recordingCalls(base, { request, open, retry }),
    events(wanted = {}) {
      const { line } = wanted;
      const url = line === undefined ? `${base}/events` : `${lineUrl(base, line)}/events`;
      return lineEvents({ url, open }, wanted);
    },
    async openMedia(target, media = {}) {
      if ('wsUrl' in target) return joinMedia(await openByLink(target.wsUrl, options.WebSocket), media);
      const query = target.mode === 'listen' ? '?mode=listen' : '';
      const url = `${callUrl(base, target)}/media${query}`.replace(/^http/, 'ws');
      const join = async (refresh: boolean) =>
        joinMedia(await openByKey(url, await authorization(options, refresh)), media);
      return join(false).catch((error: unknown) => {
        const isStale = error instanceof EarshotApiError && error.status === 401;
        if (isStale && options.getToken !== undefined) return join(true);
        throw error;
      });
    },
  };
}

function apiBase(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '');
  return trimmed.endsWith('/api/v1') ? trimmed : `${trimmed}/api/v1`;
}
