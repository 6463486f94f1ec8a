import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createMediaStreams } from './media-streams.ts';
import type { StreamSettings } from './stream-settings.ts';
import { plain, SECRET, type StreamBench, startBench } from './testing/stream-bench.ts';

const settings: Record<string, StreamSettings> = {
  plain,
  exotel: { ...plain, auth: { kind: 'basic', user: 'exotel', password: 'long-enough' } },
  twilio: {
    ...plain,
    auth: { kind: 'twilio', authToken: 'token-of-twilio', publicUrl: 'wss://calls.example' },
  },
};
const ROOT = '/carriers/media-streams';

let open: StreamBench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function bench(...parameters: Parameters<typeof startBench>): Promise<StreamBench> {
  open = await startBench(...parameters);
  return open;
}

describe('an upgrade', () => {
  it.each([
    ['of a line without a secret', `${ROOT}/lin_plain`, 401],
    ['with the wrong secret', `${ROOT}/lin_plain/another-secret-of-22-chars`, 401],
    ['without credentials', `${ROOT}/lin_exotel`, 401],
    ['without a signature', `${ROOT}/lin_twilio`, 401],
    ['of an unknown line', `${ROOT}/lin_nobody/${SECRET}`, 404],
    ['of a line on a carrier without streams', `${ROOT}/lin_loopback/${SECRET}`, 404],
    ['of something that is no line', `${ROOT}/constructor/${SECRET}`, 404],
    ['of nothing', `${ROOT}/`, 404],
    ['of a path that goes on', `${ROOT}/lin_plain/${SECRET}/more`, 404],
    ['of a path that climbs', `${ROOT}/..%2flin_plain/${SECRET}`, 404],
  ])('%s is refused in JSON, and nothing is opened', async (_, path, status) => {
    const streams = await bench({ settings });
    const refusal = await streams.refused(path);
    expect(refusal.status).toBe(status);
    expect(refusal.headers['content-type']).toContain('application/json');
    const code = status === 401 ? 'authentication_failed' : 'line_not_found';
    expect(JSON.parse(refusal.body)).toMatchObject({ error: { code } });
    expect(streams.streams.count).toBe(0);
    expect(streams.log.join()).not.toContain('secret');
  });

  it('asks for a password where there is one', async () => {
    const streams = await bench({ settings });
    const { headers } = await streams.refused(`${ROOT}/lin_exotel`);
    expect(headers['www-authenticate']).toMatch(/^Basic /);
  });

  it('of another path is left to others', async () => {
    const streams = await bench({ settings });
    expect((await streams.refused('/v1/calls/media')).status).toBe(418);
    expect((await streams.refused('/carriers/media-streamsx/lin_plain')).status).toBe(418);
  });

  it('is refused when there are as many streams as there may be', async () => {
    const streams = await bench({ settings, maxStreams: 1 });
    const platform = await streams.dial();
    const refusal = await streams.refused(`${ROOT}/lin_plain/${SECRET}`);
    expect(refusal.status).toBe(503);
    expect(refusal.headers['retry-after']).toBeDefined();
    platform.socket.terminate();
  });

  it('is refused while too many others wait for their lines', async () => {
    let find: () => void = () => undefined;
    const gate = new Promise<null>((resolve) => {
      find = () => resolve(null);
    });
    const streams = await bench({ settings, findLine: () => gate });
    const path = `${ROOT}/lin_plain/${SECRET}`;
    const waiting = Array.from({ length: 64 }, () => streams.refused(path));
    const early = await Promise.race([...waiting, delay(500)]);
    expect(early).toBeUndefined();
    expect((await streams.refused(path)).status).toBe(503);
    find();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(new Array(64).fill(404));
  });

  it('is refused, and not left open, when the line cannot be found out', async () => {
    const streams = await bench({ settings, findLine: () => Promise.reject(new Error('storage is gone')) });
    const refusal = await streams.refused(`${ROOT}/lin_plain/${SECRET}`);
    expect(refusal.status).toBe(500);
    expect(refusal.body).not.toContain('storage');
  });

  it('is answered without compression and in the subprotocol of Jambonz alone', async () => {
    const streams = await bench({ settings });
    const jambonz = await streams.dial({ protocols: ['other', 'audio.jambonz.org'] });
    expect(jambonz.socket.protocol).toBe('audio.jambonz.org');
    expect(jambonz.socket.extensions).toBe('');
    jambonz.socket.terminate();
  });

  it('takes a slash at the end and basic credentials', async () => {
    const streams = await bench({ settings });
    const authorization = `Basic ${Buffer.from('exotel:long-enough').toString('base64')}`;
    const platform = await streams.dial({ path: `${ROOT}/lin_exotel/`, headers: { authorization } });
    expect(platform.socket.readyState).toBe(platform.socket.OPEN);
    platform.socket.terminate();
  });
});

describe('the carriers', () => {
  it('place no calls, and say what they can', async () => {
    const streams = await bench({ settings });
    const { carriers } = streams.streams;
    expect([...carriers.keys()]).toEqual(['plain', 'exotel', 'twilio']);
    const carrier = carriers.get('plain');
    expect(carrier === undefined ? [] : Object.keys(carrier)).not.toContain('originate');
    expect(carrier?.capabilities).toEqual({
      ...{ originate: false, answer: false, talk: true, dtmf: true, mark: true, clear: true },
    });
  });

  it('need to know the public origin when they check signatures', () => {
    const twilio: StreamSettings = { ...plain, auth: { kind: 'twilio', authToken: 'token-of-twilio' } };
    const deps = {
      settings: { twilio },
      findLine: () => Promise.resolve(null),
      takeIncoming: () => Promise.reject(new Error('unused')),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    };
    expect(() => createMediaStreams(deps)).toThrow('Carrier twilio');
  });
});
