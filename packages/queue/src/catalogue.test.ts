import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { JOB_NAMES, JOBS, retryDelayMs } from './catalogue.ts';

const ref = { tenant: 'acme', sessionId: 'ses_0123456789abcdef' };
const segment = {
  ...ref,
  track: 'main' as const,
  index: 7,
  key: 'acme/x/segments/main/000007-000000000000.wav',
  speech: true,
  model: 'lite' as const,
  language: null,
};

describe('the job catalogue', () => {
  it('has a row for each kind of job', () => {
    expect([...JOB_NAMES].sort()).toEqual([
      'assemble-transcript',
      'decode-uploads',
      'deliver-webhook',
      'render-recording',
      'transcribe-segment',
    ]);
  });

  it('gives equal ids to equal work and no id a colon', () => {
    const id = JOBS['transcribe-segment'].jobId(segment);
    expect(id).toBe('seg-acme.ses_0123456789abcdef-main-7');
    expect(JOBS['transcribe-segment'].jobId({ ...segment, language: 'en' })).toBe(id);
    expect(JOBS['decode-uploads'].jobId(ref)).not.toContain(':');
  });

  it('keeps tenants apart even when their names run into session ids', () => {
    const one = JOBS['assemble-transcript'].jobId({ tenant: 'a', sessionId: 'b-cccccccccccccccc' });
    const two = JOBS['assemble-transcript'].jobId({ tenant: 'a-b', sessionId: 'cccccccccccccccc' });
    expect(one).not.toBe(two);
  });

  it('refuses payloads that carry less than the schema asks', () => {
    expect(JOBS['transcribe-segment'].schema.safeParse(ref).success).toBe(false);
    expect(JOBS['transcribe-segment'].schema.safeParse(segment).success).toBe(true);
  });
});

describe('waits between attempts', () => {
  it('follow the row and stay at its last value', () => {
    const row = { delaysMs: [100, 1000] };
    expect([1, 2, 3, 9].map((made) => retryDelayMs(row, made, 0.5))).toEqual([100, 1000, 1000, 1000]);
  });

  it('vary by a tenth either way', () => {
    const row = { delaysMs: [1000] };
    expect(retryDelayMs(row, 1, 0)).toBe(900);
    expect(retryDelayMs(row, 1, 0.999)).toBe(1100);
  });

  it('spread webhook deliveries over about a day', () => {
    const { attempts } = JOBS['deliver-webhook'];
    expect(attempts).toBe(LIMITS.webhookAttempts);
    let total = 0;
    for (let made = 1; made < attempts; made += 1) total += retryDelayMs(JOBS['deliver-webhook'], made, 0.5);
    expect(total).toBeGreaterThan(23 * 3_600_000);
    expect(total).toBeLessThanOrEqual(24 * 3_600_000);
  });
});
