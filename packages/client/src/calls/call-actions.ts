import { WadialCall, WadialPlay, WadialSession, wadialAnswer } from '@earshot/protocol';
import { readAnswer } from '../http/api-error.ts';
import type { Requester } from '../http/requester.ts';
import { withQuery } from '../session/session-calls.ts';

/** A call, by its line and its own id. */
export interface CallName {
  readonly line: string;
  readonly call: string;
}

export interface NewCall {
  /** A number, or an address of the line's carrier. */
  readonly to: string;
  /** What is kept of it; the line's habits when left out. */
  readonly record?: boolean;
  readonly transcribe?: boolean;
}

/** Placing and steering calls, a request each. */
export interface CallActions {
  /** The lines that the key may use, oldest first. */
  lines(): Promise<WadialSession[]>;
  /** Places a call. Tried once, because a lost answer does not say that there is no call. */
  place(line: string, call: NewCall): Promise<WadialCall>;
  /** Newest first; `before` is an ISO time. */
  list(line: string, page?: { limit?: number; before?: string }): Promise<WadialCall[]>;
  get(name: CallName): Promise<WadialCall>;
  accept(name: CallName): Promise<WadialCall>;
  reject(name: CallName): Promise<WadialCall>;
  end(name: CallName): Promise<WadialCall>;
  /** What the peer hears is silence while `muted`. */
  mute(name: CallName, muted: boolean): Promise<WadialCall>;
  /** Queues an asset for the peer. Tried once, as `place` is. */
  play(name: CallName, assetId: string): Promise<WadialPlay>;
  /** Drops what is queued for the peer and not yet heard. */
  clear(name: CallName): Promise<WadialCall>;
}

/** Sends requests, and those that must not happen twice. */
export interface CallRequests {
  readonly request: Requester;
  readonly once: Requester;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const CallAnswer = wadialAnswer(WadialCall);

/** `base` is the URL of the API, without a slash at its end. */
export function callActions(base: string, { request, once }: CallRequests): CallActions {
  const post = async (send: Requester, url: string, body: unknown = {}) =>
    send({ method: 'POST', url, headers: JSON_TYPE, body: JSON.stringify(body), expect: [200, 201] });
  const act = async (name: CallName, action: string, body?: unknown): Promise<WadialCall> =>
    readAnswer(CallAnswer, await post(request, `${callUrl(base, name)}/${action}`, body)).data;
  return {
    async lines() {
      const answer = await request({ method: 'GET', url: `${base}/sessions`, expect: [200] });
      return readAnswer(wadialAnswer(WadialSession.array()), answer).data;
    },
    place: async (line, call) =>
      readAnswer(CallAnswer, await post(once, `${lineUrl(base, line)}/calls`, call)).data,
    async list(line, { limit, before } = {}) {
      const url = withQuery(`${lineUrl(base, line)}/calls`, { limit, before });
      const answer = await request({ method: 'GET', url, expect: [200] });
      return readAnswer(wadialAnswer(WadialCall.array()), answer).data;
    },
    async get(name) {
      const answer = await request({ method: 'GET', url: callUrl(base, name), expect: [200] });
      return readAnswer(CallAnswer, answer).data;
    },
    accept: (name) => act(name, 'accept'),
    reject: (name) => act(name, 'reject'),
    end: (name) => act(name, 'end'),
    mute: (name, muted) => act(name, 'mute', { muted }),
    async play(name, assetId) {
      const answer = await post(once, `${callUrl(base, name)}/audio/play`, { assetId });
      return readAnswer(wadialAnswer(WadialPlay), answer).data;
    },
    clear: (name) => act(name, 'audio/clear'),
  };
}

export function lineUrl(base: string, line: string): string {
  return `${base}/sessions/${encodeURIComponent(line)}`;
}

export function callUrl(base: string, { line, call }: CallName): string {
  return `${lineUrl(base, line)}/calls/${encodeURIComponent(call)}`;
}
