import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { play, text } from './testing/play.ts';

const base64 = (bytes: readonly number[]) => Buffer.from(bytes).toString('base64');
const silence = new Array<number>(160).fill(0xff);

const twilioStart = text({
  event: 'start',
  start: { streamSid: 'MZ1', mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 } },
});
const frame = (chunk: number, rest: Record<string, unknown> = {}) =>
  text({ event: 'media', media: { track: 'inbound', chunk, payload: base64(silence), ...rest } });

describe('frame numbers', () => {
  it('do not count a frame twice, whatever it brings', () => {
    const played = play([twilioStart, frame(1), frame(1, { payload: base64([0, 0]) }), frame(2), frame(1)]);
    expect(played.tracks.get('inbound')).toHaveLength(320);
    expect(played.stats).toMatchObject({ frames: 4, duplicateFrames: 2 });
  });

  it('are kept apart by track', () => {
    const played = play([
      twilioStart,
      frame(1),
      frame(1, { track: 'outbound' }),
      frame(2, { track: 'outbound' }),
    ]);
    expect(played.stats.duplicateFrames).toBe(0);
    expect(played.tracks.get('outbound')).toHaveLength(320);
  });

  it('that run over both tracks leave no holes as long as the clock shows none', () => {
    const shared = Array.from({ length: 100 }, (_, at) =>
      frame(at + 1, {
        track: at % 2 === 0 ? 'inbound' : 'outbound',
        timestamp: String(Math.floor(at / 2) * 20),
      }),
    );
    const played = play([twilioStart, ...shared]);
    expect(played.gaps.filter((gap) => gap.track === 'inbound')).toEqual([]);
    expect(played.tracks.get('inbound')).toHaveLength(50 * 160);
  });

  it('fill a hole up to the cap and tell when it was longer', () => {
    const cap = (LIMITS.maxGapFillMs * 8000) / 1000;
    const most = 1 + LIMITS.maxGapFillMs / 20;
    const filled = play([twilioStart, frame(1), frame(1 + most)]);
    expect(filled).toMatchObject({ gaps: [{ samples: cap }], warnings: [] });
    const beyond = play([twilioStart, frame(1), frame(2 + most)]);
    expect(beyond).toMatchObject({ gaps: [{ samples: cap }], warnings: ['gap_capped'] });
    expect(play([twilioStart, frame(1), frame(Number.MAX_SAFE_INTEGER)]).gaps).toEqual(beyond.gaps);
  });

  it('put the gap before the audio behind it', () => {
    const { events } = play([twilioStart, frame(1), frame(3)]);
    expect(events.map((event) => event.type)).toEqual(['format', 'audio', 'gap', 'audio']);
  });

  it('tell of frames that come when their place was given up', () => {
    const window = Array.from({ length: LIMITS.reorderWindowFrames + 1 }, (_, at) => frame(at + 3));
    const played = play([twilioStart, frame(1), ...window, frame(2)]);
    expect(played).toMatchObject({ warnings: ['late_frames'], stats: { duplicateFrames: 0 } });
    expect(played.gaps).toEqual([{ track: 'inbound', samples: 160 }]);
  });

  it('do not join halves of samples over a hole', () => {
    const start = text({
      event: 'start',
      start: { streamSid: 'MZ1', mediaFormat: { encoding: 'audio/l16;endian=little' } },
    });
    const odd = (chunk: number, ...bytes: readonly number[]) => frame(chunk, { payload: base64(bytes) });
    const played = play([start, odd(1, 1, 0, 2), odd(3, 3, 0, 4), odd(4, 0)]);
    expect(played.tracks.get('inbound')?.filter((sample) => sample !== 0)).toEqual([1, 3, 4]);
    expect(played.stats.oddBytes).toBe(1);
  });

  it('take their length from the last frame that had one', () => {
    const empty = { payload: '' };
    expect(play([twilioStart, frame(1), frame(2, empty), frame(4, empty)]).gaps).toEqual([
      { track: 'inbound', samples: 160 },
    ]);
  });

  it('count an empty payload as a frame of no length', () => {
    const played = play([twilioStart, frame(1), frame(2, { payload: '' }), frame(4)]);
    expect(played.gaps).toEqual([{ track: 'inbound', samples: 160 }]);
    expect(played.tracks.get('inbound')).toHaveLength(480);
  });
});

describe('times', () => {
  const times = (...timestamps: readonly unknown[]) =>
    play([twilioStart, ...timestamps.map((timestamp, at) => frame(at + 1, { timestamp }))])
      .events.filter((event) => event.type === 'audio')
      .map((event) => event.frame.timestampMs);

  it('are passed on since the start of the stream', () => {
    expect(times('5', 25, '45.5')).toEqual([5, 25, 45.5]);
  });

  it('of the wall clock count from the first frame', () => {
    expect(times('1767225600000', '1767225600020', 1_767_225_599_990)).toEqual([0, 20, 0]);
  });

  it('that are none are left out, and the audio stays', () => {
    expect(times('soon', -1, null, {}, [])).toEqual(new Array(5).fill(undefined));
  });
});

describe('another stream of the same call', () => {
  const again = text({
    event: 'start',
    start: { streamSid: 'MZ2', mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 } },
  });

  it('has a clock of its own', () => {
    const late = { timestamp: 1_767_225_660_000 };
    const played = play([twilioStart, frame(1, { timestamp: 1_767_225_600_000 }), again, frame(1, late)]);
    const times = played.events
      .filter((event) => event.type === 'audio')
      .map((event) => event.frame.timestampMs);
    expect(times).toEqual([0, 0]);
  });

  it('may number its frames or not, and name its track anew', () => {
    const first = frame(1, { track: 'caller' });
    const second = frame(1, { track: 'callee', chunk: null });
    const played = play([twilioStart, first, again, second, second]);
    expect(played.stats).toMatchObject({ frames: 3, malformedFrames: 0 });
    expect(played.tracks.get('main')).toHaveLength(480);
  });
});

describe('byte order that a platform is not sure about', () => {
  const start = text({
    event: 'start',
    start: {
      streamId: 'a',
      callId: 'b',
      tracks: ['inbound', 'outbound'],
      mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000 },
    },
  });
  const pcm = (samples: readonly number[]) => {
    const bytes = Buffer.alloc(samples.length * 2);
    samples.forEach((sample, at) => {
      bytes.writeInt16LE(sample, at * 2);
    });
    return [...bytes];
  };
  const voice = Array.from({ length: 8000 }, (_, at) => Math.round(9000 * Math.sin(at / 8)) + 0);
  const media = (track: string, chunk: number, samples: readonly number[]) =>
    text({ event: 'media', media: { track, chunk, payload: base64(pcm(samples)) } });
  const frames = (count: number) =>
    Array.from({ length: count }, (_, at) => media('inbound', at, voice.slice(at * 160, at * 160 + 160)));

  it('loses nothing while it is checked, on any track, and is told with a second format', () => {
    const quiet = media('outbound', 0, [0, 0, 0]);
    const pause = media('inbound', 5, new Array<number>(160).fill(0));
    const played = play([start, ...frames(5), quiet, pause, ...frames(30).slice(6)]);
    expect(played.tracks.get('inbound')).toEqual(voice.slice(0, 4800).with(0, 0).fill(0, 800, 960));
    expect(played.tracks.get('outbound')).toEqual([0, 0, 0]);
    expect(played.formats.map((format) => format.bigEndian)).toEqual([true, false]);
    expect(played.warnings).toEqual(['byte_order_corrected']);
  });

  it('is decided at the end when little came', () => {
    const played = play([start, ...frames(4)]);
    expect(played.tracks.get('inbound')).toEqual(voice.slice(0, 640));
  });

  it('lets digital silence through at once, gaps included', () => {
    const decodedEarly = play([
      start,
      media('inbound', 0, [0, 0]),
      media('inbound', 2, [0]),
      ...frames(3).slice(3),
    ]);
    expect(decodedEarly.tracks.get('inbound')).toEqual([0, 0, 0, 0, 0]);
    expect(decodedEarly.formats).toHaveLength(1);
  });
});

describe('a Voximplant socket', () => {
  const start = (tag: string, sampleRate = 8000) =>
    text({
      event: 'start',
      sequenceNumber: 0,
      start: { tag, mediaFormat: { encoding: 'PCM16', sampleRate } },
    });
  const media = text({ event: 'media', media: { payload: base64([0, 0]) } });
  const stop = text({ event: 'stop' });

  it('tells its stop only when the socket ends, since another stream may start', () => {
    const played = play([start('a'), media, stop, start('b'), media, stop]);
    expect(played).toMatchObject({ error: null, stops: 1 });
    expect(played.events.at(-1)?.type).toBe('stop');
    expect(played.tracks.get('main')).toHaveLength(2);
  });

  it('keeps the reason of the first stop', () => {
    const reasoned = (reason: string) => text({ event: 'stop', reason });
    const { events } = play([start('a'), reasoned('done'), reasoned('again')]);
    expect(events.at(-1)).toEqual({ type: 'stop', reason: 'done' });
  });

  it('refuses a second stream beside the first, and another rate', () => {
    expect(play([start('a'), start('b')]).error).toBe('protocol_violation');
    expect(play([start('a'), stop, start('b', 16000)]).error).toBe('protocol_violation');
  });

  it('ignores audio between two streams with a warning', () => {
    const played = play([start('a'), stop, media, stop]);
    expect(played).toMatchObject({ warnings: ['after_stop'], stops: 1 });
    expect(played.tracks.size).toBe(0);
  });
});
