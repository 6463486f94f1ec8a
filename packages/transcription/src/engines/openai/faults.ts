import { EarshotError } from '@earshot/protocol';
import type { EngineFault } from '../../engine/engine-error.ts';
import { type HttpAnswer, headerOf } from './http-call.ts';

const MIN_WAIT_MS = 1000;
const MAX_WAIT_MS = 300_000;
/** Wait of a server that asks for one without saying how long. */
const DEFAULT_WAIT_MS = 10_000;

/** A Go-style duration as rate-limit headers write it: `1m30.5s`, `250ms`, or plain seconds. */
function durationMs(text: string): number | undefined {
  const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0);
}

function askedWaitMs(answer: HttpAnswer, now: number): number | undefined {
  const milliseconds = Number(headerOf(answer, 'retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return milliseconds;
  const after = headerOf(answer, 'retry-after')?.trim();
  if (after !== undefined && after !== '') {
    const wait = durationMs(after) ?? Date.parse(after) - now;
    if (Number.isFinite(wait)) return wait;
  }
  const resets = [
    'x-ratelimit-reset-requests',
    'x-ratelimit-reset-tokens',
    'x-ratelimit-reset-audio-seconds',
  ];
  const waits = resets.flatMap((name) => durationMs(headerOf(answer, name)?.trim() ?? '') ?? []);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

const clampWait = (ms: number): number => Math.min(Math.max(Math.round(ms), MIN_WAIT_MS), MAX_WAIT_MS);

/** An exhausted quota also comes as 429, but no wait helps it. */
const isQuotaExhausted = (answer: HttpAnswer): boolean =>
  Buffer.from(answer.body.subarray(0, 4096)).toString('utf8').includes('insufficient_quota');

const MISCONFIGURED: Readonly<Record<number, string>> = {
  401: 'The transcription server does not accept the API key.',
  403: 'The transcription server forbids this API key or model.',
  404: 'The transcription server does not know this path or model.',
};
const REJECTED: Readonly<Record<number, string>> = {
  400: 'The transcription server refuses the request.',
  413: 'The transcription server finds the audio too large.',
  415: 'The transcription server does not take this audio format.',
};
/** 408 and 5xx; 422 is how one server reports that its model went astray; 498 and 499 are capacity and hang-ups. */
const isTransient = (status: number): boolean =>
  status >= 500 || [408, 409, 422, 425, 498, 499].includes(status);

/** What an answer other than 2xx means for the job. Nothing of its body goes into the sentence. */
export function faultOfAnswer(answer: HttpAnswer, now: number): EngineFault {
  const { status } = answer;
  if (status === 429 || status === 503) {
    if (status === 429 && isQuotaExhausted(answer)) {
      return { kind: 'misconfigured', cause: 'The quota at the transcription server is used up.' };
    }
    const wait = askedWaitMs(answer, now);
    if (status === 429 || wait !== undefined) {
      return { kind: 'rate-limited', retryAfterMs: clampWait(wait ?? DEFAULT_WAIT_MS) };
    }
  }
  const wrong = MISCONFIGURED[status];
  if (wrong !== undefined) return { kind: 'misconfigured', cause: wrong };
  if (isTransient(status)) {
    return { kind: 'transient', cause: `The transcription server answered ${status}.` };
  }
  if (status >= 300 && status < 400) {
    return {
      kind: 'misconfigured',
      cause: 'The transcription server redirects; redirects are not followed.',
    };
  }
  return { kind: 'rejected', cause: REJECTED[status] ?? `The transcription server answered ${status}.` };
}

/** What it means that no answer came at all. */
export function faultOfFailure(error: unknown): EngineFault {
  if (error instanceof EarshotError && !error.retryable && error.status < 500) {
    return { kind: 'misconfigured', cause: 'The address of the transcription server is refused.' };
  }
  return {
    kind: 'transient',
    cause: 'The transcription server could not be reached, or broke off its answer.',
  };
}
