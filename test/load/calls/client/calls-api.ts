import { until } from '@earshot/test-support';
import { z } from 'zod';
import type { MediaAddress } from './media-client.ts';

const Line = z.object({ lineId: z.string(), key: z.string() });
const Placed = z.object({ id: z.string() });
const Call = z.object({ status: z.string() });
const Media = z.object({ wsUrl: z.string() });

/** A line of the measured service and what is done on it, through its public faces. */
export interface CallsApi {
  /** Places a call to a loopback address; resolves to its id when it is active. */
  place(to: string): Promise<string>;
  end(callId: string): Promise<void>;
  /** A socket of the WADial face, by the line's key. */
  wadialMedia(callId: string, mode: 'talk' | 'listen'): MediaAddress;
  /** A socket of the Pilot face, by a token that is made for it. */
  pilotMedia(callId: string, mode: 'talk' | 'listen'): Promise<MediaAddress>;
}

/** Makes a line whose calls are recorded or not. */
export async function openLine(
  origin: string,
  options: { readonly key: string; readonly record: boolean },
): Promise<CallsApi> {
  const ask = async (path: string, key: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${origin}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  };
  const { record } = options;
  const line = Line.parse(
    await ask('/v1/lines', options.key, { name: 'load', carrier: 'loopback', record, transcribe: false }),
  );
  const socketOrigin = origin.replace(/^http/, 'ws');
  return {
    async place(to) {
      const { id } = Placed.parse(await ask('/v1/calls', line.key, { to }));
      const isActive = async (): Promise<boolean> =>
        Call.parse(await ask(`/v1/calls/${id}`, line.key)).status === 'ACCEPTED';
      await until(isActive, { timeoutMs: 20_000, intervalMs: 50, what: 'a call' });
      return id;
    },
    async end(callId) {
      await ask(`/v1/calls/${callId}/terminate`, line.key, {});
    },
    wadialMedia: (callId, mode) => ({
      url: `${socketOrigin}/api/v1/sessions/${line.lineId}/calls/${callId}/media?mode=${mode}`,
      headers: { authorization: `Bearer ${line.key}` },
      encoding: 'float32',
    }),
    async pilotMedia(callId, mode) {
      const answer = await ask(`/v1/calls/${callId}/realtime-session`, line.key, { mode });
      return { url: Media.parse(answer).wsUrl, headers: {}, encoding: 'pcm16' };
    },
  };
}
