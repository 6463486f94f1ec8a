import { parseWavHeader } from '@earshot/audio';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { EngineOptions } from '../../engine/engine.ts';
import { EngineError } from '../../engine/engine-error.ts';
import { engineContract } from '../../testing/contract.ts';
import { plainFetch } from '../../testing/plain-fetch.ts';
import {
  startTranscriptionServer,
  type TranscriptionAnswer,
  type TranscriptionRequest,
  type TranscriptionServer,
} from '../../testing/transcription-server.ts';
import { createOpenAiEngine, type OpenAiOptions } from './engine.ts';

const NEVER = new AbortController().signal;
const AUDIO = { samples: new Int16Array(16_000 * 10).fill(100) };

const servers: TranscriptionServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(answerTo: (request: TranscriptionRequest) => TranscriptionAnswer) {
  const server = await startTranscriptionServer(answerTo);
  servers.push(server);
  return server;
}

async function engineFor(
  answerTo: (request: TranscriptionRequest) => TranscriptionAnswer,
  options: Partial<OpenAiOptions> = {},
) {
  const server = await serve(answerTo);
  const engine = createOpenAiEngine({
    baseUrl: server.url,
    model: 'whisper-1',
    fetch: plainFetch,
    ...options,
  });
  const ask = (changes: Partial<EngineOptions> = {}) =>
    engine.transcribe(AUDIO, { wantWords: true, ...changes }, NEVER);
  return { engine, server, ask };
}

async function faultOf(work: Promise<unknown>) {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  return error instanceof EngineError ? error.fault : undefined;
}

const OPENAI = {
  task: 'transcribe',
  language: 'english',
  duration: 10,
  text: 'Hello there. How are you?',
  segments: [
    {
      id: 0,
      start: 0,
      end: 2.5,
      text: ' Hello there.',
      avg_logprob: -0.2,
      no_speech_prob: 0.01,
      temperature: 0,
    },
    {
      id: 1,
      start: 3,
      end: 5,
      text: ' How are you?',
      avg_logprob: -0.3,
      no_speech_prob: 0.02,
      temperature: 0,
    },
  ],
  words: [
    { word: 'Hello', start: 0.1, end: 0.5 },
    { word: 'there', start: 0.6, end: 1 },
    { word: 'How', start: 3, end: 3.2 },
    { word: 'are', start: 3.2, end: 3.5 },
    { word: 'you', start: 3.5, end: 4 },
  ],
};

describe('the engine contract, kept by the OpenAI-compatible engine', () => {
  for (const promise of engineContract) {
    it(promise.name, async () => {
      const server = await serve(({ file }) =>
        file.length > 500_000 ? { body: OPENAI, delayMs: 200 } : { body: OPENAI },
      );
      await promise.run({
        create: () => createOpenAiEngine({ baseUrl: server.url, model: 'whisper-1', fetch: plainFetch }),
        abortAfterMs: 50,
      });
    });
  }
});

describe('a request', () => {
  it('is a WAV file with model, language and times asked for, and the key in its header', async () => {
    const { server, ask } = await engineFor(() => ({ body: OPENAI }), { apiKey: 'sk-secret' });
    await ask({ language: 'en', temperature: 0.2 });
    const [request] = server.requests;
    expect(request).toMatchObject({
      path: '/v1/audio/transcriptions',
      authorization: 'Bearer sk-secret',
      fileName: 'segment.wav',
      fields: {
        model: ['whisper-1'],
        language: ['en'],
        temperature: ['0.2'],
        response_format: ['verbose_json'],
        'timestamp_granularities[]': ['word', 'segment'],
      },
    });
    expect(parseWavHeader(request!.file)).toMatchObject({ sampleRate: 16_000, channels: 1, format: 'pcm16' });
    expect(request!.file.length).toBe(44 + 320_000 + 9600);
  });

  it('asks models that know no times for plain JSON', async () => {
    const { server, ask, engine } = await engineFor(() => ({ body: { text: 'Hello.' } }), {
      model: 'gpt-4o-mini-transcribe',
    });
    expect(engine.capabilities).toMatchObject({ words: false, segments: false });
    const result = await ask();
    expect(server.requests[0]?.fields).toMatchObject({ response_format: ['json'] });
    expect(server.requests[0]?.fields).not.toHaveProperty('timestamp_granularities[]');
    expect(result).toMatchObject({
      timing: 'none',
      segments: [{ text: 'Hello.', startMs: 0, endMs: 10_000 }],
    });
  });

  it('is repeated once without word times where they are refused, which is remembered', async () => {
    const { server, ask } = await engineFor(({ fields }) =>
      'timestamp_granularities[]' in fields
        ? { status: 400, body: { error: { message: 'unsupported' } } }
        : { body: { ...OPENAI, words: undefined } },
    );
    expect(await ask()).toMatchObject({ timing: 'segment' });
    expect(server.requests).toHaveLength(2);
    await ask();
    expect(server.requests).toHaveLength(3);
  });

  it('is refused for good when it is also refused without word times, and nothing is remembered', async () => {
    const { server, ask } = await engineFor(() => ({ status: 400, body: 'Invalid request' }));
    expect(await faultOf(ask())).toMatchObject({ kind: 'rejected' });
    expect(server.requests).toHaveLength(2);
    await faultOf(ask());
    expect(server.requests).toHaveLength(4);
  });
});

describe('an answer', () => {
  it('of OpenAI has its words put into their segments', async () => {
    const { ask } = await engineFor(() => ({ body: OPENAI }));
    const result = await ask();
    expect(result).toMatchObject({ language: 'en', timing: 'word', text: 'Hello there. How are you?' });
    expect(result.segments).toEqual([
      expect.objectContaining({
        text: 'Hello there.',
        startMs: 0,
        endMs: 2500,
        avgLogprob: -0.2,
        noSpeechProb: 0.01,
      }),
      expect.objectContaining({ text: 'How are you?', startMs: 3000, endMs: 5000 }),
    ]);
    expect(result.segments.map((segment) => segment.words?.map((word) => word.text))).toEqual([
      ['Hello', 'there'],
      ['How', 'are', 'you'],
    ]);
  });

  it('of vLLM has a duration as text, nulls and no words', async () => {
    const segment = {
      id: 0,
      start: 0.0,
      end: 9.5,
      text: ' Hello.',
      no_speech_prob: null,
      compression_ratio: null,
    };
    const { ask } = await engineFor(() => ({
      body: { language: 'en', duration: '10.0', text: ' Hello.', words: null, segments: [segment] },
    }));
    const result = await ask();
    expect(result).toMatchObject({ timing: 'segment', text: 'Hello.' });
    expect(result.segments).toEqual([{ text: 'Hello.', startMs: 0, endMs: 9500 }]);
  });

  it('of speaches has words with probabilities and may lack segments', async () => {
    const words = [
      { start: 0.5, end: 0.9, word: ' Hello', probability: 0.9 },
      { start: 0.9, end: 1.2, word: ' there.', probability: 0.4 },
      { start: 4.0, end: 4.4, word: ' Bye.', probability: 1.3 },
    ];
    const { ask } = await engineFor(() => ({ body: { text: 'Hello there. Bye.', segments: null, words } }));
    const result = await ask();
    expect(result.timing).toBe('word');
    expect(result.segments).toEqual([
      expect.objectContaining({ text: 'Hello there.', startMs: 500, endMs: 1200 }),
      expect.objectContaining({
        text: 'Bye.',
        words: [{ text: 'Bye.', startMs: 4000, endMs: 4400, confidence: 1 }],
      }),
    ]);
  });

  it('of LocalAI calls its words text', async () => {
    const words = [
      { start: 0, end: 0.4, text: 'Hello' },
      { start: 0.5, end: 0.9, text: 'there' },
    ];
    const { ask } = await engineFor(() => ({
      body: {
        text: 'Hello there',
        segments: [{ id: 0, start: 0, end: 1, text: 'Hello there', tokens: null }],
        words,
      },
    }));
    expect((await ask()).segments[0]?.words?.map((word) => word.text)).toEqual(['Hello', 'there']);
  });

  it('of whisper.cpp has tokens inside segments, marks, and the language by name', async () => {
    const words = [
      { word: '[_BEG_]', start: 0, end: 0, probability: 0.9 },
      { word: ' head', start: 0.1, end: 0.4, probability: 0.9 },
      { word: 'ache', start: 0.4, end: 0.7, probability: 0.6 },
      { word: ',', start: 0.7, end: 0.7, probability: 0.8 },
      { word: ' since', start: 0.8, end: 1.1, probability: 0.7 },
    ];
    const { ask } = await engineFor(() => ({
      body: {
        language: 'german',
        duration: 10,
        text: ' headache, since',
        segments: [
          { text: ' headache, since', start: 0, end: 1.2, words, avg_logprob: -0.4, no_speech_prob: 0.1 },
        ],
      },
    }));
    const result = await ask();
    expect(result.language).toBe('de');
    expect(result.segments[0]?.words).toEqual([
      { text: 'headache,', startMs: 100, endMs: 700, confidence: 0.6 },
      { text: 'since', startMs: 800, endMs: 1100, confidence: 0.7 },
    ]);
  });

  it('is tidied: times as text, out of bounds, out of order, backwards or not a number', async () => {
    const body = `{"text": "b a c", "segments": [
      {"text": "b", "start": "4.0", "end": 1e9}, {"text": "a", "start": -3, "end": 2}, {"text": "c", "start": 8, "end": NaN},
      {"text": "", "start": 0, "end": 1}, null, 7],
      "words": [{"word": "b", "start": 5, "end": 4}, {"word": "x", "start": NaN, "end": 1}]}`;
    const { ask } = await engineFor(() => ({ body }));
    const result = await ask();
    expect(result.timing).toBe('segment');
    expect(result.segments.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ['a', 0, 2000],
      ['b', 4000, 10_000],
      ['c', 8000, 10_000],
    ]);
  });

  it.each([
    ['HTML', '<html><body>502</body></html>'],
    ['half of a JSON text', '{"text": "Hel'],
    ['a list', '[]'],
    ['a number', '7'],
    ['null', 'null'],
    ['an object without a text', '{"ok": true}'],
  ])('that is %s is a passing fault', async (_, body) => {
    const { ask } = await engineFor(() => ({ body }));
    expect(await faultOf(ask())).toMatchObject({ kind: 'transient' });
  });

  it('that is empty text is no speech', async () => {
    const { ask } = await engineFor(() => ({ body: { text: '' } }));
    expect(await ask()).toMatchObject({ text: '', segments: [], timing: 'none' });
  });

  it('that never ends being large, or breaks off, is a passing fault', async () => {
    const large = await engineFor(() => ({ body: 'x'.repeat(5_000_000) }));
    expect(await faultOf(large.ask())).toMatchObject({ kind: 'transient' });
    const broken = await engineFor(() => ({ body: OPENAI, breakOff: true }));
    expect(await faultOf(broken.ask())).toMatchObject({ kind: 'transient' });
  });
});

describe('a refusal', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z');

  it.each([
    [{ 'retry-after-ms': '2500', 'retry-after': '60' }, 2500],
    [{ 'retry-after': '20' }, 20_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    [{ 'x-ratelimit-reset-requests': '1m30.5s', 'x-ratelimit-reset-tokens': '250ms' }, 90_500],
    [{ 'retry-after': '0' }, 1000],
    [{ 'retry-after': '86400' }, 300_000],
    [{ 'retry-after': 'soon' }, 10_000],
    [{}, 10_000],
  ])('429 with %j waits %d ms', async (headers, retryAfterMs) => {
    const { ask } = await engineFor(() => ({ status: 429, headers, body: {} }), { now: () => NOW });
    expect(await faultOf(ask())).toEqual({ kind: 'rate-limited', retryAfterMs });
  });

  it('503 with a wait is a wait, without one a passing fault', async () => {
    const waiting = await engineFor(() => ({ status: 503, headers: { 'retry-after': '3' } }));
    expect(await faultOf(waiting.ask())).toEqual({ kind: 'rate-limited', retryAfterMs: 3000 });
    const plain = await engineFor(() => ({ status: 503 }));
    expect(await faultOf(plain.ask())).toMatchObject({ kind: 'transient' });
  });

  it('429 for an exhausted quota needs a person', async () => {
    const { ask } = await engineFor(() => ({ status: 429, body: { error: { code: 'insufficient_quota' } } }));
    expect(await faultOf(ask())).toMatchObject({ kind: 'misconfigured' });
  });

  it.each([
    [301, 'misconfigured'],
    [401, 'misconfigured'],
    [403, 'misconfigured'],
    [404, 'misconfigured'],
    [408, 'transient'],
    [413, 'rejected'],
    [415, 'rejected'],
    [418, 'rejected'],
    [422, 'transient'],
    [498, 'transient'],
    [500, 'transient'],
    [502, 'transient'],
  ])('%d is %s', async (status, kind) => {
    const { ask } = await engineFor(() => ({
      status,
      headers: { location: '/elsewhere' },
      body: 'secret words',
    }));
    const fault = await faultOf(ask());
    expect(fault).toMatchObject({ kind });
    expect(JSON.stringify(fault)).not.toContain('secret words');
  });

  it('of the connection, or a time limit, is a passing fault', async () => {
    const { engine, server, ask } = await engineFor(() => ({ body: OPENAI, delayMs: 5000 }), {
      timeoutMs: 100,
    });
    expect(await faultOf(ask())).toMatchObject({ kind: 'transient' });
    await server.stop();
    expect(await faultOf(ask())).toMatchObject({ kind: 'transient' });
    expect(await faultOf(engine.ready(NEVER))).toMatchObject({ kind: 'transient' });
  });

  it('of the key shows when the engine is asked to be ready', async () => {
    const fetch: OpenAiOptions['fetch'] = () =>
      Promise.resolve({ status: 401, headers: {}, body: new Uint8Array(0) });
    const engine = createOpenAiEngine({ baseUrl: 'http://127.0.0.1:1/v1', model: 'm', fetch });
    expect(await faultOf(engine.ready(NEVER))).toMatchObject({ kind: 'misconfigured' });
  });
});
