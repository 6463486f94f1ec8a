import { request } from 'node:http';
import { connect } from 'node:net';
import type { Rig } from './earshot.ts';
import { type Answer, jsonObject } from './session-calls.ts';

/** A request whose path and body go out exactly as they are given. */
export interface RawCall {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent one by one without a length, unless the headers give one. */
  readonly chunks?: readonly Uint8Array[];
  /** Breaks the connection off after the chunks instead of ending the body. */
  readonly cutOff?: boolean;
}

/** Sends a request that `fetch` would tidy up; the rig's own key unless the headers carry a credential. */
export function rawCall(rig: Rig, call: RawCall): Promise<Answer> {
  const { hostname, port } = new URL(rig.origin);
  const headers = { authorization: `Bearer ${rig.key}`, connection: 'close', ...call.headers };
  return new Promise((resolve, reject) => {
    const { method = 'GET', path } = call;
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () => {
        outgoing.destroy();
        const bytes = new Uint8Array(Buffer.concat(parts));
        const given = new Headers();
        for (const [name, value] of Object.entries(response.headers)) given.set(name, String(value));
        resolve({
          status: response.statusCode ?? 0,
          headers: given,
          bytes,
          body: jsonObject(bytes),
        });
      });
    });
    outgoing.once('error', reject);
    if (call.chunks !== undefined) outgoing.flushHeaders();
    for (const chunk of call.chunks ?? []) outgoing.write(chunk);
    if (call.cutOff === true) setTimeout(() => outgoing.destroy(new Error('cut off')), 50);
    else outgoing.end();
  });
}

/** Sends bytes as they are and resolves with all that comes back until the server closes, or `ms` have passed. */
export function exchange(rig: Rig, bytes: string, ms = 5000): Promise<string> {
  const { hostname, port } = new URL(rig.origin);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
