import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { createStreamDecoder } from './decoder.ts';
import type { StreamMessage } from './model/events.ts';
import { binary, play, text } from './testing/play.ts';

const twilio = (start: object = {}) => text({ event: 'start', start: { streamSid: 'MZ', ...start } });
const vonage = (headers: object = {}) => text({ 'content-type': 'audio/l16;rate=8000', ...headers });

describe('messages about playback and keys', () => {
  it.each([
    ['a mark without a name', { event: 'mark', mark: {} }],
    ['a mark whose name is no printable text', { event: 'mark', mark: { name: 'a\u0007b' } }],
    ['a mark that is no object', { event: 'mark', mark: 'greeting' }],
    ['a key that no telephone has', { event: 'dtmf', dtmf: { digit: 'x' } }],
    ['two keys at once', { event: 'dtmf', dtmf: { digit: '12' } }],
    ['no key', { event: 'dtmf' }],
  ])('are passed over in silence when they are %s', (_, message) => {
    const played = play([twilio(), text(message)]);
    expect(played.controls).toEqual([]);
    expect(played.warnings).not.toContain('unknown_event');
  });

  it('take a key that is a number', () => {
    const played = play([twilio(), text({ event: 'dtmf', dtmf: { digit: 0 } })]);
    expect(played.controls).toEqual([{ type: 'dtmf', digit: '0' }]);
  });

  it('mean nothing after stop', () => {
    const mark = text({ event: 'mark', mark: { name: 'late' } });
    expect(play([twilio(), text({ event: 'stop' }), mark]).controls).toEqual([]);
  });

  it('are unknown to raw audio', () => {
    const played = play([binary(1, 2), text({ event: 'mark', mark: { name: 'a' } })]);
    expect(played.controls).toEqual([]);
    expect(played.warnings).toEqual(['unknown_event']);
  });
});

describe('what an opening tells of the call', () => {
  it('is the caller, by field or as it was passed on', () => {
    const passed = { customParameters: { From: '+10000000001' } };
    expect(play([twilio({ from: '+10000000002', ...passed })]).formats[0]?.from).toBe('+10000000002');
    expect(play([twilio(passed)]).formats[0]?.from).toBe('+10000000001');
    expect(play([twilio({ from: 'two words' })]).formats[0]?.from).toBeNull();
  });

  it('is at most so many short strings', () => {
    const names = Array.from({ length: LIMITS.maxStreamParameters + 1 }, (_, at) => `p${at}`);
    const many = play([twilio({ customParameters: Object.fromEntries(names.map((name) => [name, 'x'])) })]);
    expect(Object.keys(many.formats[0]?.parameters ?? {})).toEqual(names.slice(0, -1));
    const odd = {
      long: 'x'.repeat(513),
      number: 5,
      control: 'a\nb',
      'sp ace': 'x',
      constructor: 'x',
      ok: '',
    };
    const parameters = play([twilio({ customParameters: odd })]).formats[0]?.parameters;
    expect(parameters).toEqual({ constructor: 'x', ok: '' });
  });

  it('never reaches a prototype', () => {
    const start = '{"event":"start","start":{"streamSid":"MZ","customParameters":{"__proto__":"x"}}}';
    expect(play([text(start)]).formats[0]?.parameters).toEqual({});
    const headers = '{"content-type":"audio/l16;rate=8000","__proto__":{"polluted":"x"}}';
    const [format] = play([text(headers)]).formats;
    expect(format?.parameters).toEqual({});
    expect(format?.parameters['polluted']).toBeUndefined();
  });

  it('are the headers beside the content type, or a list of them', () => {
    expect(play([vonage({ team: 'blue', count: 3 })]).formats[0]?.parameters).toEqual({ team: 'blue' });
    const start = { callId: 'c', streamId: 's' };
    const plivo = text({ event: 'start', start, extra_headers: ' a = 1 ;b=2=3;none;' });
    expect(play([plivo]).formats[0]?.parameters).toEqual({ a: '1', b: '2=3' });
  });
});

describe('a live stream', () => {
  const vobiz = text({ event: 'start', start: { callId: 'c', streamId: 's', mediaFormat: mulaw() } });
  const telnyx = text({ event: 'start', start: { call_control_id: 'c', media_format: mulaw() } });
  const frame = (chunk: number, at = chunk) =>
    text({
      event: 'media',
      media: { chunk, timestamp: at * 20, payload: Buffer.alloc(160, chunk).toString('base64') },
    });
  const count = (messages: readonly StreamMessage[], live: boolean): number[] => {
    const decoder = createStreamDecoder({ live });
    return messages.map((message) => decoder.push(message).filter(({ type }) => type === 'audio').length);
  };

  it('gives every frame as it comes, also the first', () => {
    expect(count([vobiz, frame(5), frame(6), frame(9)], true)).toEqual([0, 1, 1, 1]);
    expect(count([vobiz, frame(5), frame(6), frame(9)], false)).toEqual([0, 0, 0, 0]);
  });

  it('waits a little for frames of a platform that does not keep their order', () => {
    const frames = [1, 2, 4, 3, 6, 7, 8, 9].map((chunk) => frame(chunk));
    expect(count([telnyx, ...frames], true)).toEqual([0, 0, 0, 0, 4, 0, 0, 0, 4]);
    const played = play([telnyx, ...frames], { live: true });
    expect(played.gaps).toEqual([{ track: 'main', samples: 160 }]);
    expect(played.stats.reorderedFrames).toBe(1);
  });

  it('drops and counts what comes after it was given up', () => {
    const played = play([vobiz, frame(1), frame(3), frame(2)], { live: true });
    expect(played.gaps).toEqual([{ track: 'main', samples: 160 }]);
    expect(played.warnings).toContain('late_frames');
  });
});

function mulaw(): object {
  return { encoding: 'audio/x-mulaw', sampleRate: 8000, sample_rate: 8000 };
}
