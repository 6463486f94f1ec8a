import { parseWavHeader } from '@earshot/audio';
import type { CallEndedRecord, TrackName } from '@earshot/protocol';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallView, MediaListener } from '../ports.ts';
import { BENCH_LINE, type HostBench, startHostBench } from '../testing/host-bench.ts';

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: HostBench;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

beforeEach(async () => {
  await redis.flushAll();
  folder = await temporaryFolder();
  bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
});

afterEach(async () => {
  await bench.close();
  await folder.remove();
});

const actor = { tenant: 'clinic', subject: 'key_1', line: null };
const name = (view: CallView) => ({ tenant: 'clinic', lineId: null, id: view.callId });
const place = (to: string) => bench.host.place(BENCH_LINE, { to, callbackData: null }, actor);
const stateOf = async (view: CallView): Promise<string> => (await bench.host.get(name(view))).state;
const types = (): string[] => bench.events.map((event) => event.type);

function listener(): MediaListener & { heard: Int16Array[]; told: string[] } {
  const heard: Int16Array[] = [];
  const told: string[] = [];
  return {
    heard,
    told,
    audio: (samples) => heard.push(samples.slice()),
    event: (event) => told.push(event.type),
    superseded: () => told.push('superseded'),
  };
}

/** All samples that were kept of one track. */
async function kept(view: CallView, track: TrackName): Promise<Int16Array> {
  const ref = { tenant: 'clinic', sessionId: view.sessionId ?? '' };
  await until(async () => (await bench.node.archive.readManifest(ref)) !== null);
  const manifest = await bench.node.archive.readManifest(ref);
  const parts = (manifest?.segments ?? []).filter((segment) => segment.track === track);
  const wavs = await Promise.all(parts.map(({ key }) => bench.node.store.get(key)));
  const pcm = Buffer.concat(wavs.map((wav) => wav.subarray(parseWavHeader(wav).dataOffset)));
  return new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
}

async function endedRecord(view: CallView): Promise<CallEndedRecord> {
  await until(async () => (await bench.archive.readEnded('clinic', view.callId)) !== null);
  return (await bench.archive.readEnded('clinic', view.callId))!;
}

describe('a call that its request makes impossible', () => {
  it.each(['sip:somebody', 'loop:speak?file=none', 'loop:tone?hz=x'])(
    'to %s is refused, and is no call that failed',
    async (to) => {
      await expect(place(to)).rejects.toMatchObject({ code: 'invalid_request' });
      const page = { tenant: 'clinic', lineId: null, limit: 10, before: null };
      expect(await bench.host.list(page)).toEqual([]);
      expect([bench.events, bench.host.liveCount]).toEqual([[], 0]);
    },
  );
});

describe('a placed call', () => {
  it('becomes active, plays what a talker says to the sample, and keeps both directions at one length', async () => {
    const view = await place('loop:echo?ring=200ms');
    await until(async () => (await stateOf(view)) === 'active');
    const talker = listener();
    const tap = bench.host.attach(view.callId, 'talk', talker);
    const speech = Int16Array.from({ length: 16_000 }, (_, i) => ((i * 37) % 20_000) - 10_000);
    expect(tap.talk(speech)).toBe(true);
    tap.mark('said');
    await until(() => talker.told.includes('mark'));
    await until(() => talker.heard.some((part) => part.some((sample) => sample !== 0)));
    await bench.host.end(name(view));
    const ended = await endedRecord(view);
    expect(ended).toMatchObject({
      reason: 'hangup',
      figures: { outbound: { received: 16_000, dropped: 0 } },
    });
    const [inbound, outbound] = [await kept(view, 'inbound'), await kept(view, 'outbound')];
    expect(inbound.length).toBe(outbound.length);
    expect(inbound.length % 320).toBe(0);
    const from = outbound.indexOf(speech[0]!);
    expect(outbound.subarray(from, from + speech.length)).toEqual(speech);
    expect(types()).toEqual(['call.initiated', 'call.ringing', 'call.connected', 'call.ended']);
    expect(talker.told.at(-1)).toBe('ended');
  });

  it.each([
    ['loop:busy', 'busy'],
    ['loop:reject', 'peer_rejected'],
    ['loop:silent?hangup=300ms', 'peer_hangup'],
  ])('to %s ends by itself with %s', async (to, reason) => {
    const view = await place(to);
    expect((await endedRecord(view)).reason).toBe(reason);
    await until(
      async () => (await bench.archive.readLive({ tenant: 'clinic', callId: view.callId })) === null,
    );
    expect(await bench.host.get(name(view))).toMatchObject({ state: 'ended', reason });
  });

  it('is not found by another tenant or under another line', async () => {
    const view = await place('loop:silent');
    await expect(bench.host.get({ ...name(view), tenant: 'other' })).rejects.toThrow('No such call');
    await expect(bench.host.get({ ...name(view), lineId: 'lin_other' })).rejects.toThrow('No such call');
    await expect(bench.host.end({ ...name(view), lineId: 'lin_other' })).rejects.toThrow('No such call');
    expect(
      (await bench.host.list({ tenant: 'clinic', lineId: 'lin_bench', limit: 5, before: null })).length,
    ).toBe(1);
    expect(await bench.host.list({ tenant: 'clinic', lineId: 'lin_x', limit: 5, before: null })).toEqual([]);
  });

  it('cannot be ended twice, and takes nothing after its end', async () => {
    const view = await place('loop:silent');
    await bench.host.end(name(view));
    await expect(bench.host.end(name(view))).rejects.toThrow('not in a state');
    await expect(bench.host.mute(name(view), true)).rejects.toThrow('not in a state');
    expect(() => bench.host.attach(view.callId, 'listen', listener())).toThrow('not in a state');
  });

  it('lets the newest talker speak, and tells the older one', async () => {
    const view = await place('loop:silent');
    await until(async () => (await stateOf(view)) === 'active');
    const [first, second] = [listener(), listener()];
    const older = bench.host.attach(view.callId, 'talk', first);
    const newer = bench.host.attach(view.callId, 'talk', second);
    expect(first.told).toEqual(['superseded']);
    expect([older.talk(new Int16Array(320)), newer.talk(new Int16Array(320))]).toEqual([false, true]);
  });
});

describe('an incoming call', () => {
  it('rings until it is accepted', async () => {
    const callId = await bench.loopback.incoming(BENCH_LINE, { peer: '+15550100', behaviour: 'loop:tone' });
    const id = { tenant: 'clinic', lineId: 'lin_bench', id: callId };
    expect((await bench.host.get(id)).state).toBe('ringing');
    await bench.host.accept(id);
    await until(async () => (await bench.host.get(id)).state === 'active');
    const external = (await bench.host.get(id)).externalCallId ?? '';
    expect((await bench.host.get({ ...id, id: external })).callId).toBe(callId);
  });

  it('can be rejected, and is answered at once on a line that does so', async () => {
    const callId = await bench.loopback.incoming(BENCH_LINE, { peer: '+15550100', behaviour: 'loop:tone' });
    const id = { tenant: 'clinic', lineId: 'lin_bench', id: callId };
    expect((await bench.host.reject(id)).reason).toBe('rejected');
    const line = { ...BENCH_LINE, autoAnswer: true };
    const other = await bench.loopback.incoming(line, { peer: '+15550100', behaviour: 'loop:tone' });
    await until(async () => (await bench.host.get({ ...id, id: other })).state === 'active');
  });
});

describe('a host that begins anew', () => {
  it('ends the calls that it left, keeps what was heard, and tells so', async () => {
    const view = await place('loop:tone?hz=440');
    await until(async () => (await stateOf(view)) === 'active');
    await new Promise((done) => setTimeout(done, 1500));
    await bench.abandon();
    bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
    expect(await bench.host.get(name(view))).toMatchObject({ state: 'ended', reason: 'node_lost' });
    expect(types()).toEqual(['call.ended']);
    const inbound = await kept(view, 'inbound');
    expect(inbound.length).toBeGreaterThan(16_000);
    expect(inbound.length).toBe((await kept(view, 'outbound')).length);
  });
});
