import { encodeWav } from '@earshot/audio';
import { SegmentResult } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import type { SpeechCheck } from '../speech-check/speech-check.ts';
import { createScriptedEngine, type Script } from '../testing/scripted-engine.ts';
import { createTranscriber, type SegmentRequest, type TranscriberOptions } from './transcriber.ts';

const NEVER = new AbortController().signal;

function tone(seconds: number, sampleRate = 16_000, level = 8000): Uint8Array {
  const samples = Int16Array.from({ length: seconds * sampleRate }, (_, i) =>
    Math.round(level * Math.sin((2 * Math.PI * 440 * i) / sampleRate)),
  );
  return encodeWav(samples, sampleRate);
}

const WAV = tone(4);

const request = (changes: Partial<SegmentRequest> = {}): SegmentRequest => ({
  wav: WAV,
  entry: { track: 'main', index: 3, speech: true },
  model: 'lite',
  language: null,
  attempt: 1,
  finalAttempt: false,
  signal: NEVER,
  ...changes,
});

function setUp(script: Script, options: Partial<TranscriberOptions> = {}, temperature = false) {
  const engine = createScriptedEngine({ script, capabilities: { temperature, languages: ['en', 'de'] } });
  let now = 1_700_000_000_000;
  const clock = (): number => {
    now += 250;
    return now;
  };
  return { engine, transcriber: createTranscriber({ engines: { lite: engine }, clock, ...options }) };
}

const finding = (speech: boolean): SpeechCheck => ({
  check: () => Promise.resolve({ speech, probability: 0, coverage: 'whole' }),
  close: () => Promise.resolve(),
});

describe('a segment', () => {
  it('becomes utterances on its own clock, with engine, language and time spent', async () => {
    const { transcriber } = setUp(() => 'hello big world');
    const result = await transcriber.transcribeSegment(request());
    expect(SegmentResult.parse(result)).toEqual(result);
    expect(result).toMatchObject({
      status: 'ok',
      engine: 'scripted',
      model: 'script',
      language: 'en',
      timing: 'word',
      index: 3,
      attempt: 1,
      engineMs: 250,
      finishedAt: '2023-11-14T22:13:20.500Z',
    });
    expect(result.utterances).toEqual([
      expect.objectContaining({ track: 'main', text: 'hello big world', startMs: 0, endMs: 4000 }),
    ]);
    expect(result.utterances[0]?.words).toHaveLength(3);
  });

  it('reaches the engine at 16 kHz whatever its own rate', async () => {
    for (const rate of [8000, 16_000, 44_100, 48_000]) {
      const { engine, transcriber } = setUp(() => 'hello');
      await transcriber.transcribeSegment(request({ wav: tone(1, rate) }));
      expect(engine.calls[0]?.samples.length).toBe(16_000);
    }
  });

  it('is not sent to an engine when nothing speech-like was found, or it is silent', async () => {
    const { engine, transcriber } = setUp(() => 'hallucination');
    const quiet = [
      request({ entry: { track: 'main', index: 0, speech: false } }),
      request({ wav: encodeWav(new Int16Array(16_000), 16_000) }),
      request({ wav: tone(1, 16_000, 5) }),
    ];
    for (const each of quiet) {
      expect(await transcriber.transcribeSegment(each)).toMatchObject({
        status: 'no_speech',
        utterances: [],
      });
    }
    expect(engine.calls).toHaveLength(0);
  });

  it('is sent when a single word stands in a long silence', async () => {
    const samples = new Int16Array(16_000 * 20);
    samples.fill(500, 0, 1600);
    const { transcriber } = setUp(() => 'yes');
    const result = await transcriber.transcribeSegment(request({ wav: encodeWav(samples, 16_000) }));
    expect(result.status).toBe('ok');
  });

  it('is marked, or skipped if so configured, when the speech check finds none', async () => {
    const marking = setUp(() => 'hello there', { speechCheck: finding(false) });
    const marked = await marking.transcriber.transcribeSegment(request());
    expect(marked.utterances[0]).toMatchObject({ text: 'hello there', suspect: 'no_speech_found' });
    const skipping = setUp(() => 'hello', { speechCheck: finding(false), onNoSpeech: 'skip' });
    const skipped = await skipping.transcriber.transcribeSegment(request());
    expect(skipped).toMatchObject({
      status: 'no_speech',
      guarded: [{ reason: 'no_speech_found', text: '' }],
    });
    expect(skipping.engine.calls).toHaveLength(0);
    const fine = setUp(() => 'hello', { speechCheck: finding(true), onNoSpeech: 'skip' });
    expect((await fine.transcriber.transcribeSegment(request())).utterances[0]).not.toHaveProperty('suspect');
  });

  it('keeps doubtful text, marks it, and writes down what was taken out', async () => {
    const { transcriber } = setUp(() => 'bye bye bye bye');
    const loop = await transcriber.transcribeSegment(request());
    expect(loop.utterances[0]).toMatchObject({ text: 'bye bye bye bye', suspect: 'loop' });
    expect(loop.guarded).toEqual([{ reason: 'loop', text: 'bye bye bye bye' }]);
  });

  it('that loops is asked for once more where another temperature can help', async () => {
    const script: Script = ({ options }) =>
      options.temperature === undefined ? 'bye bye bye bye' : 'bye now';
    const { engine, transcriber } = setUp(script, {}, true);
    const result = await transcriber.transcribeSegment(request());
    expect(engine.calls).toHaveLength(2);
    expect(result.utterances.map((utterance) => utterance.text)).toEqual(['bye now']);
    expect(result.guarded).toEqual([{ reason: 'loop_retried', text: 'bye bye bye bye' }]);
  });

  it('tells the engine a language it knows, and marks text of one it does not', async () => {
    const { engine, transcriber } = setUp(() => 'text');
    await transcriber.transcribeSegment(request({ language: 'de-AT' }));
    await transcriber.transcribeSegment(request({ language: 'auto_detect' }));
    const hindi = await transcriber.transcribeSegment(request({ language: 'hi' }));
    expect(engine.calls.map((call) => call.options.language)).toEqual(['de', undefined, undefined]);
    expect(hindi.utterances[0]).toMatchObject({ suspect: 'language_not_supported' });
  });

  it('has its text cleaned of control characters and line breaks', async () => {
    const { transcriber } = setUp(() => 'a\u0000b\u001b[31m\tc');
    const result = await transcriber.transcribeSegment(request());
    expect(JSON.stringify(result)).not.toMatch(/\\u00|\\t/);
  });
});

describe('a failing engine', () => {
  const rateLimited = { fault: { kind: 'rate-limited', retryAfterMs: 5000 } } as const;
  const crashed = { fault: { kind: 'crashed', exit: 'signal SIGSEGV' } } as const;

  it('is tried again by the caller while that may help', async () => {
    const { transcriber } = setUp(() => rateLimited);
    await expect(transcriber.transcribeSegment(request())).rejects.toMatchObject({
      fault: { kind: 'rate-limited', retryAfterMs: 5000 },
    });
  });

  it('becomes a failed result on the last attempt', async () => {
    const { transcriber } = setUp(() => rateLimited);
    const result = await transcriber.transcribeSegment(request({ attempt: 5, finalAttempt: true }));
    expect(SegmentResult.parse(result)).toMatchObject({
      status: 'failed',
      error: { reason: 'rate-limited' },
    });
  });

  it('becomes a failed result at once when trying again cannot help', async () => {
    for (const kind of ['rejected', 'misconfigured'] as const) {
      const { transcriber } = setUp(() => ({ fault: { kind, cause: 'A sentence.' } }));
      const result = await transcriber.transcribeSegment(request());
      expect(result).toMatchObject({ status: 'failed', error: { reason: kind, message: 'A sentence.' } });
    }
  });

  it('that crashes twice on the same audio is not fed it again', async () => {
    const { transcriber } = setUp(() => crashed);
    await expect(transcriber.transcribeSegment(request())).rejects.toMatchObject({
      fault: { kind: 'crashed' },
    });
    const second = await transcriber.transcribeSegment(request({ attempt: 2 }));
    expect(second).toMatchObject({ status: 'failed', error: { reason: 'crashed' } });
  });

  it('is not asked at all for a model without one, or a file that is no WAV', async () => {
    const { transcriber } = setUp(() => 'text');
    expect(await transcriber.transcribeSegment(request({ model: 'pro' }))).toMatchObject({
      status: 'failed',
      engine: 'none',
      error: { reason: 'misconfigured' },
    });
    expect(await transcriber.transcribeSegment(request({ wav: new Uint8Array(100) }))).toMatchObject({
      status: 'failed',
      error: { reason: 'rejected' },
    });
  });

  it('rejects when aborted, even on the last attempt', async () => {
    const { transcriber } = setUp(() => 'text');
    const work = transcriber.transcribeSegment(request({ signal: AbortSignal.abort(), finalAttempt: true }));
    await expect(work).rejects.toMatchObject({ fault: { kind: 'aborted' } });
  });
});
