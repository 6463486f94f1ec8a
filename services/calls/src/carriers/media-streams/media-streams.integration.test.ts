import { createResampler, decodeAlaw, decodeMulaw, decodePcm16be, decodePcm16le } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { computedAudio, until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { PeerLink } from '../../ports.ts';
import type { CallRecorder } from '../testing/call-recorder.ts';
import { type Platform, plain, type Sent, type StreamBench, startBench } from './testing/stream-bench.ts';
import { readTape, readWayBack, spokenOn, tapeNames, WAVIX, wayBackNames } from './testing/tape.ts';

let open: StreamBench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function bench(...parameters: Parameters<typeof startBench>): Promise<StreamBench> {
  open = await startBench(...parameters);
  return open;
}

async function callOf({ taken }: StreamBench, index = 0): Promise<CallRecorder> {
  await until(() => taken[index]?.handle.links.length !== 0 && taken[index] !== undefined, {
    timeoutMs: 3000,
  });
  const handle = taken[index]?.handle;
  if (handle === undefined) throw new Error('no call came in');
  return handle;
}

const heardBy = (handle: CallRecorder): number[] => handle.heard.flatMap((samples) => [...samples]);

describe('what a platform streams', () => {
  it.each(tapeNames)('reaches the call to the sample: %s', async (name) => {
    const tape = readTape(name);
    const { samples, stops, format } = spokenOn(tape);
    // Voximplant may start again after a stop.
    const isOver = stops && format.dialect !== 'voximplant';
    const streams = await bench({ settings: { plain: { ...plain, wavixFormat: WAVIX } } });
    const platform = await streams.dial();
    platform.say(...tape);
    if (!isOver) platform.socket.close();
    const { code } = await platform.closed;
    expect(code).toBe(isOver ? 1000 : 1005);
    const handle = await callOf(streams);
    expect(handle.reason).toBe('peer_hangup');
    expect(heardBy(handle)).toEqual(samples);
    const [call] = streams.taken;
    expect(call?.call.externalCallId).toBe(format.callId);
    expect(call?.call.peer).toBe(format.from ?? 'unknown');
  });

  it('tells lost audio as lost, in samples of the call', async () => {
    const streams = await bench();
    const platform = await streams.dial();
    platform.say(...readTape('twilio.gap-and-duplicate'));
    await platform.closed;
    expect((await callOf(streams)).lostSamples).toBe(640);
  });

  it('brings keys and the ids of the call', async () => {
    const streams = await bench();
    const platform = await streams.dial();
    platform.say(...readTape('exotel.strings'));
    await platform.closed;
    const { told } = await callOf(streams);
    expect(told).toEqual(['named call', 'connected', 'dtmf 5', 'ended peer_hangup']);
  });

  it('leaves out what the peer hears, and says so once', async () => {
    const streams = await bench();
    const platform = await streams.dial();
    platform.say(...readTape('twilio.both-tracks'));
    await platform.closed;
    const { told } = await callOf(streams);
    expect(told.filter((one) => one === 'warning outbound_track_ignored')).toHaveLength(1);
    expect(told).toContain('warning listen_only');
  });
});

const CODECS = { 'audio/x-l16': decodePcm16le, PCMA: decodeAlaw, PCMU: decodeMulaw };
const Media = z.object({ media: z.object({ payload: z.base64() }) });

/** What a platform plays of what it was sent. */
function playedBy(messages: readonly Sent[], codec: (bytes: Uint8Array) => Int16Array): number[] {
  return messages.flatMap((message) => {
    if (typeof message !== 'string') return [...codec(message)];
    const media = Media.safeParse(JSON.parse(message));
    return media.success ? [...codec(Buffer.from(media.data.media.payload, 'base64'))] : [];
  });
}

function codecOf(name: string): { codec: (bytes: Uint8Array) => Int16Array; exact: boolean } {
  if (name.includes('mulaw')) return { codec: CODECS.PCMU, exact: false };
  if (name.includes('pcma')) return { codec: CODECS.PCMA, exact: false };
  return { codec: name.includes('big-endian') ? decodePcm16be : decodePcm16le, exact: true };
}

async function connect(name: string): Promise<{ platform: Platform; link: PeerLink; handle: CallRecorder }> {
  const { opening, options } = readWayBack(name);
  const reply = {
    ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
    ...(options.sampleRate === undefined ? {} : { sampleRate: options.sampleRate }),
  };
  const streams = await bench({
    settings: { plain: { ...plain, reply, wavixFormat: WAVIX } },
  });
  const platform = await streams.dial();
  platform.say(...opening);
  const handle = await callOf(streams);
  const [link] = handle.links;
  if (link === undefined) throw new Error('there is no link');
  return { platform, link, handle };
}

describe('what is said to the peer', () => {
  it.each(wayBackNames)('reaches the platform: %s', async (name) => {
    const { sampleRate } = readWayBack(name);
    const { codec, exact } = codecOf(name);
    const { platform, link } = await connect(name);
    const voice = computedAudio(5, 0, 16_000);
    for (let at = 0; at < voice.length; at += 320) link.send(voice.slice(at, at + 320));
    const spoken = createResampler(LIMITS.callSampleRate, sampleRate).push(voice);
    // Less than one packet of the platform waits for more.
    const least = spoken.length - (name.startsWith('exotel') ? 1600 : sampleRate / 50);
    await until(() => playedBy(platform.messages, codec).length > least, { timeoutMs: 3000 });
    const played = playedBy(platform.messages, codec);
    const wanted = [...spoken.subarray(0, played.length)];
    if (exact) expect(played).toEqual(wanted);
    else expect(worstError(wanted, played)).toBeLessThanOrEqual(1);
  });

  it.each(wayBackNames)(
    'is cleared, and the call hung up, in the words of the platform: %s',
    async (name) => {
      const { messages } = readWayBack(name);
      const { platform, link, handle } = await connect(name);
      link.clear();
      link.hangup();
      expect((await platform.closed).code).toBe(1000);
      // Voximplant is told stop only where it was told start.
      const goodbye = messages.hangup === null || name.startsWith('voximplant') ? [] : [messages.hangup];
      expect(platform.messages).toEqual([...messages.clear, ...goodbye]);
      await until(() => handle.reason !== undefined, { timeoutMs: 3000 });
      expect(handle.told.at(-1)).toBe('ended hangup');
    },
  );
});

describe('a platform whose byte order is not documented', () => {
  it('is answered in the order in which it was heard to send', async () => {
    const streams = await bench();
    const platform = await streams.dial();
    const mediaFormat = { encoding: 'audio/x-L16', sampleRate: 8000 };
    const start = { streamSid: 'MZ', callSid: 'CA', tracks: ['inbound'], mediaFormat };
    // Speech of a platform that is known to send the high byte first.
    const bigEndian = readTape('vobiz.l16-big-endian').slice(1);
    platform.say(JSON.stringify({ event: 'start', start }), ...bigEndian);
    const handle = await callOf(streams);
    await until(() => handle.samplesHeard > 0, { timeoutMs: 3000 });
    expect(handle.told).toContain('warning byte_order_corrected');
    const voice = computedAudio(6, 0, 3200);
    handle.links[0]?.send(voice);
    await until(() => playedBy(platform.messages, decodePcm16be).length >= 1280, { timeoutMs: 3000 });
    const played = playedBy(platform.messages, decodePcm16be);
    const spoken = createResampler(LIMITS.callSampleRate, 8000).push(voice);
    expect(played).toEqual([...spoken.subarray(0, played.length)]);
  });
});

describe('a slow platform', () => {
  it('loses audio, which is counted, and never holds anybody up', async () => {
    const streams = await bench({ limits: { maxSocketBufferedBytes: 20_000 } });
    const platform = await streams.dial();
    platform.say(...readWayBack('plivo.l16-16000').opening);
    const handle = await callOf(streams);
    platform.socket.pause();
    const tick = new Int16Array(320).fill(1000);
    const warned = (): number => handle.told.filter((one) => one === 'warning peer_slow').length;
    let sent = 0;
    for (; warned() === 0 && sent < 200_000; sent += 1) handle.links[0]?.send(tick);
    expect(warned()).toBe(1);
    for (let more = 0; more < 100; more += 1) handle.links[0]?.send(tick);
    expect(warned()).toBe(1);
    platform.socket.resume();
    platform.socket.close();
    await until(() => handle.reason !== undefined, { timeoutMs: 5000 });
    expect(streams.log.some((line) => line.includes('"droppedSamples":32320'))).toBe(true);
  });
});

/** The greatest error of G.711 against its own tolerance, at most 1/16 of the sample's size. */
function worstError(spoken: readonly number[], heard: readonly number[]): number {
  const errors = spoken.map((sample, at) => {
    return Math.abs(sample - (heard[at] ?? Number.NaN)) / ((Math.abs(sample) + 256) / 16);
  });
  return errors.reduce((worst, error) => Math.max(worst, error), 0);
}
