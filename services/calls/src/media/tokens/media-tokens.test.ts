import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { LIMITS } from '@earshot/protocol';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createMediaTokens, type MediaGrant, type MediaTokens } from './media-tokens.ts';

const grant = (over: Partial<MediaGrant> = {}): MediaGrant => ({
  tenant: 'clinic',
  lineId: 'lin_desk',
  callId: 'call_a',
  mode: 'talk',
  credential: () => Promise.resolve(true),
  ...over,
});

let now: number;
let tokens: MediaTokens;

beforeEach(() => {
  now = 1000;
  tokens = createMediaTokens({ now: () => now, randomBytes });
});

describe('media tokens', () => {
  it('carry 256 random bits and are told with the seconds in which to connect', () => {
    const minted = tokens.mint(grant());
    expect(minted.token).toMatch(/^emt_[A-Za-z0-9_-]{43}$/);
    expect(minted.expiresInSeconds).toBe(120);
    const many = Array.from({ length: 100 }, () => tokens.mint(grant()).token);
    expect(new Set([minted.token, ...many]).size).toBe(101);
  });

  it('grant what they were minted for, once', () => {
    const { token } = tokens.mint(grant({ callId: 'call_b', mode: 'listen' }));
    expect(tokens.take(token)).toMatchObject({ tenant: 'clinic', callId: 'call_b', mode: 'listen' });
    expect(tokens.take(token)).toBeNull();
    expect(tokens.size).toBe(0);
  });

  it('are worth nothing from their last second on', () => {
    const [inTime, late] = [tokens.mint(grant()).token, tokens.mint(grant()).token];
    now += LIMITS.mediaTokenSeconds * 1000 - 1;
    expect(tokens.take(inTime)).not.toBeNull();
    now += 1;
    expect(tokens.take(late)).toBeNull();
  });

  it('are worth nothing when their call is over, others stay', () => {
    const [over, other] = [tokens.mint(grant()).token, tokens.mint(grant({ callId: 'call_b' })).token];
    tokens.drop('call_a');
    expect(tokens.take(over)).toBeNull();
    expect(tokens.take(other)).not.toBeNull();
  });

  it('are forgotten by a sweep when they are old or their call is over', () => {
    tokens.mint(grant());
    tokens.mint(grant({ callId: 'call_b' }));
    tokens.sweep((callId) => callId === 'call_a');
    expect(tokens.size).toBe(1);
    now += LIMITS.mediaTokenSeconds * 1000;
    tokens.sweep(() => true);
    expect(tokens.size).toBe(0);
  });

  it('are bounded for a call, and unused ones make room when their time is over', () => {
    for (let index = 0; index < LIMITS.maxMediaTokensPerCall; index += 1) tokens.mint(grant());
    now += 20_500;
    const refusal = expect.objectContaining({
      code: 'rate_limit_exceeded',
      details: { retry_after_seconds: 100 },
    });
    expect(() => tokens.mint(grant())).toThrow(refusal);
    expect(tokens.mint(grant({ callId: 'call_b' })).token).toMatch(/^emt_/);
    now += 100_000;
    tokens.mint(grant());
    expect(tokens.size).toBe(2);
  });

  it.each(['', 'emt_', `emt_${'A'.repeat(43)}`, `emt_${'A'.repeat(5000)}`, `emt_${'é'.repeat(43)}`])(
    'are not made up by others: %.20s',
    (text) => {
      tokens.mint(grant());
      expect(tokens.take(text)).toBeNull();
    },
  );

  it('cannot be read out of what is kept', () => {
    const fixed = new Uint8Array(32).fill(7);
    const kept: unknown[] = [];
    const set: unknown = Reflect.get(Map.prototype, 'set');
    if (typeof set !== 'function') throw new Error('maps cannot be set');
    Reflect.set(Map.prototype, 'set', function (this: unknown, key: unknown, value: unknown): unknown {
      kept.push(key, value);
      const map: unknown = Reflect.apply(set, this, [key, value]);
      return map;
    });
    let token: string;
    try {
      token = createMediaTokens({ now: () => now, randomBytes: () => fixed }).mint(grant()).token;
    } finally {
      Reflect.set(Map.prototype, 'set', set);
    }
    expect(inspect(kept, { depth: 9 })).toContain(createHash('sha256').update(token).digest('base64'));
    expect(inspect(kept, { depth: 9 })).not.toContain(token.slice(4));
  });
});
