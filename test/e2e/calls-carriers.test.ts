import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createResampler } from '@earshot/audio';
import type { RecordingKind, WadialCall } from '@earshot/protocol';
import { freePort, type TemporaryFolder, temporaryFolder, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rig, startRig } from '../rig/earshot.ts';
import { holds, risingTone, worstError } from '../rig/telephony/likeness.ts';
import { lineClient } from '../rig/telephony/line-client.ts';
import { PLATFORMS, type Platform } from '../rig/telephony/platforms.ts';
import { dialStream, type StreamSocket, shapeOf } from '../rig/telephony/stream-socket.ts';
import { readTape, readWayBack } from '../rig/telephony/tape.ts';

/** What is said to every peer. */
const SPEECH = risingTone(16_000, 0.5);
/** What is not a whole message to a client, and what a resampler still holds, waits for more, and nothing more comes. */
const TAIL_SAMPLES = 320 + 160;

interface Story {
  readonly stream: StreamSocket;
  readonly closeCode: number;
  readonly clientCode: number;
  readonly heardByClient: Int16Array;
  readonly call: WadialCall;
  readonly recordings: ReadonlyMap<RecordingKind, Int16Array>;
}

let rig: Rig;
let folder: TemporaryFolder;
const stories = new Map<string, Promise<Story>>();

beforeAll(async () => {
  folder = await temporaryFolder();
  const carriers = join(folder.path, 'carriers.json');
  await writeFile(
    carriers,
    JSON.stringify(Object.fromEntries(PLATFORMS.map(({ name, carrier }) => [name, carrier]))),
  );
  const port = await freePort();
  rig = await startRig({
    calls: true,
    env: {
      EARSHOT_CARRIERS: carriers,
      EARSHOT_CALLS_PORT: String(port),
      EARSHOT_CALLS_PUBLIC_ORIGIN: `http://127.0.0.1:${port}`,
    },
  });
  const { post } = lineClient(rig.callsOrigin, 'lin_first', rig.key);
  for (const { name } of PLATFORMS) {
    const answer = await post('/v1/lines', { lineId: `lin_${name}`, name, carrier: name });
    expect([name, answer.status]).toEqual([name, 201]);
  }
  for (const platform of PLATFORMS) {
    const story = callOf(platform);
    story.catch(() => undefined);
    stories.set(platform.name, story);
  }
}, 60_000);

afterAll(async () => {
  await Promise.allSettled(stories.values());
  await rig.stop();
  await folder.remove();
});

/** Calls as the platform does; each hears the other; the platform ends it. */
async function callOf(platform: Platform): Promise<Story> {
  const client = lineClient(rig.callsOrigin, `lin_${platform.name}`, rig.key);
  const tape = readTape(platform);
  const stream = await dialStream(platform, { origin: rig.callsOrigin });
  stream.say(tape.opening);
  const { callId } = await client.active();
  const media = await client.join(callId);
  stream.say(tape.audio);
  const isHeard = () => media.heard().length >= tape.spoken.length - TAIL_SAMPLES;
  await until(isHeard, { timeoutMs: 45_000, intervalMs: 100, what: `${platform.name} at the client` });
  await media.talk(SPEECH);
  const isAnswered = () => Number.isFinite(worstError(stream.heard(), speechAt(platform.sampleRate)));
  await until(isAnswered, { timeoutMs: 20_000, intervalMs: 100, what: `all that ${platform.name} is told` });
  stream.say(tape.stop);
  if (tape.stop.length === 0) stream.close();
  const [closeCode, clientCode] = await Promise.all([stream.closed, media.closed]);
  const call = await client.ended(callId);
  const recordings = await client.recordings(callId);
  return { stream, closeCode, clientCode, heardByClient: media.heard(), call, recordings };
}

function speechAt(sampleRate: number): Int16Array {
  const resampler = createResampler(16_000, sampleRate);
  return Int16Array.from([...resampler.push(SPEECH), ...resampler.flush()]);
}

async function storyOf({ name }: Platform): Promise<Story> {
  const story = await stories.get(name);
  if (story === undefined) throw new Error(`nothing was begun for ${name}`);
  return story;
}

const each = PLATFORMS.map((platform) => [platform.name, platform] as const);

describe('a platform that brings a call', () => {
  it.each(each)(
    '%s is heard by the client and recorded, to the sample',
    async (_, platform) => {
      const { heardByClient, recordings } = await storyOf(platform);
      const spoken = readTape(platform).spoken.slice(0, -TAIL_SAMPLES);
      expect(spoken.length).toBeGreaterThan(1000);
      expect(holds(heardByClient, spoken)).toBe(true);
      expect(holds(recordings.get('inbound')!, spoken)).toBe(true);
    },
    90_000,
  );

  it.each(each)('%s hears what the client says, in messages of its own', async (_, platform) => {
    const { stream, recordings } = await storyOf(platform);
    const wanted = speechAt(platform.sampleRate);
    expect(worstError(stream.heard(), wanted)).toBeLessThan(platform.codec === 'pcm16' ? 0.1 : 1);
    expect(holds(recordings.get('outbound')!, SPEECH)).toBe(true);
    expect(stream.shapes()).toEqual(new Set(readWayBack(platform).media.map(shapeOf)));
  });

  it.each(each)('%s ends the call, and leaves recordings of one length', async (_, platform) => {
    const { call, closeCode, clientCode, recordings } = await storyOf(platform);
    expect(call).toMatchObject({ state: 'ended', direction: 'incoming', endReason: 'peer_hangup' });
    expect([closeCode, clientCode]).toEqual([1000, 1000]);
    expect([...recordings.keys()].sort()).toEqual(['inbound', 'mixed', 'outbound']);
    expect(new Set([...recordings.values()].map(({ length }) => length)).size).toBe(1);
  });

  it.each(each)(
    '%s is told when what it has not played is to be dropped, and when we hang up',
    async (_, platform) => {
      // Its call of before is over, so that one with the same id is a new one.
      const before = await storyOf(platform);
      const client = lineClient(rig.callsOrigin, `lin_${platform.name}`, rig.key);
      const stream = await dialStream(platform, { origin: rig.callsOrigin });
      stream.say(readTape(platform).opening);
      const { callId } = await client.active();
      expect(callId).not.toBe(before.call.callId);
      const { media, clear, hangup } = readWayBack(platform);
      const shapesOf = (messages: typeof media) => new Set(messages.map(shapeOf));
      await until(() => stream.shapes().size > 0, { timeoutMs: 20_000, what: 'the first silence' });
      expect((await client.post(`${client.path}/calls/${callId}/audio/clear`)).status).toBe(200);
      const isCleared = () => clear.every((message) => stream.shapes().has(shapeOf(message)));
      await until(isCleared, { timeoutMs: 20_000, what: `${platform.name} to be cleared` });
      expect((await client.post(`${client.path}/calls/${callId}/end`)).status).toBe(200);
      expect(await stream.closed).toBe(1000);
      expect(await client.ended(callId)).toMatchObject({ endReason: 'hangup' });
      expect(stream.shapes()).toEqual(shapesOf([...media, ...clear, ...hangup]));
    },
    60_000,
  );

  it.each(each)('%s is not let in without its proof', async (_, platform) => {
    const proof = Object.keys(platform.proof('ws://nowhere'));
    const wrong = Object.fromEntries(proof.map((header) => [header, 'not what it should be']));
    const other = platform.pathSecret === undefined ? platform : { ...platform, pathSecret: 'x'.repeat(22) };
    for (const guess of [{}, wrong]) {
      await expect(dialStream(other, { origin: rig.callsOrigin, proof: guess })).rejects.toThrow('401');
    }
  });
});
