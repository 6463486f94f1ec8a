import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { callKeys, keys, parseKeyHash, parsePendingKey, parseResultKey, parseSegmentKey } from './keys.ts';
import { assertKey } from './port/object-key.ts';

const ref = { tenant: 'clinic-1', sessionId: 'ses_0123456789abcdefghijklmnop' };
const root = 'clinic-1/ses_0123456789abcdefghijklmnop/';
const hash = 'ab'.repeat(32);

describe('object keys', () => {
  it('lay out a session', () => {
    expect(keys.session(ref)).toBe(`${root}session.json`);
    expect(keys.upload(ref, 12, 'webm')).toBe(`${root}uploads/12.webm`);
    expect(keys.uploadReceipt(ref, 12)).toBe(`${root}uploads/12.json`);
    expect(keys.segment(ref, { track: 'inbound', index: 3, firstSample: 160_000 })).toBe(
      `${root}segments/inbound/000003-000000160000.wav`,
    );
    expect(keys.stream(ref, 2)).toBe(`${root}streams/2.json`);
    expect(keys.result(ref, { track: 'main', index: 7, attempt: 2 })).toBe(
      `${root}results/main-000007/2.json`,
    );
    expect(['manifest', 'decoded', 'transcript', 'expired', 'erased'] as const).toEqual(
      (['manifest', 'decoded', 'transcript', 'expired', 'erased'] as const).filter(
        (name) => keys[name](ref) === `${root}${name}.json`,
      ),
    );
  });

  it('keep the system apart from any tenant', () => {
    expect(keys.apiKey(hash)).toBe(`_earshot/keys/${hash}.json`);
    expect(keys.streamPointer(hash)).toBe(`_earshot/streams/${hash}.json`);
    expect(keys.webhook('clinic-1', 'whk_1')).toBe('_earshot/webhooks/clinic-1/whk_1.json');
    expect(keys.pending(ref)).toBe(`_earshot/pending/${root.slice(0, -1)}.json`);
    expect(() => keys.tenantRoot('_earshot')).toThrow(RangeError);
  });

  it('are keys that every store takes', () => {
    const place = { track: 'outbound', index: 999_999, firstSample: 999_999_999_999 } as const;
    for (const key of [keys.segment(ref, place), keys.pending(ref), keys.probe('x-1'), keys.apiKey(hash)]) {
      expect(() => assertKey(key)).not.toThrow();
    }
  });

  it("lay out a tenant's audit by time", () => {
    const at = new Date('2026-11-21T09:23:10.120Z');
    const key = callKeys.audit('clinic-1', at, 'aud_1');
    expect(key).toBe('_earshot/audit/clinic-1/20261121T092310120Z-aud_1.json');
    expect(() => assertKey(key)).not.toThrow();
    expect(callKeys.audit('clinic-1', new Date(at.getTime() + 1), 'aud_0') > key).toBe(true);
    expect(() => callKeys.audit('clinic-1', at, '../x')).toThrow(RangeError);
    expect(() => callKeys.audit('_earshot', at, 'aud_1')).toThrow(RangeError);
  });

  it('sort as segments follow each other, beyond the padding too', () => {
    const at = (index: number): string =>
      keys.segment(ref, { track: 'main', index, firstSample: index * 16_000 });
    expect([at(10), at(9), at(100)].sort()).toEqual([at(9), at(10), at(100)]);
  });

  it.each(['', '..', '../other', 'a/b', 'a\0', 'ses.json', 'x'.repeat(65), 'sés'])(
    'answer to the session id %j as to an unknown session',
    (sessionId) => {
      expect(() => keys.session({ tenant: 'clinic-1', sessionId })).toThrow(EarshotError);
      expect(() => keys.pending({ tenant: 'clinic-1', sessionId })).toThrow('No such session.');
    },
  );

  it.each(['', '..', 'A', 'a/b', '-a', '_earshot'])('refuse the tenant %j', (tenant) => {
    expect(() => keys.session({ ...ref, tenant })).toThrow(RangeError);
    expect(() => keys.webhooks(tenant)).toThrow(RangeError);
  });

  it('refuse other ids and numbers that would leave their folder', () => {
    expect(() => keys.apiKey('../x')).toThrow(RangeError);
    expect(() => keys.streamPointer(hash.toUpperCase())).toThrow(RangeError);
    expect(() => keys.webhook('clinic-1', '../x')).toThrow('No such webhook.');
    expect(() => keys.probe('../x')).toThrow(RangeError);
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 53]) {
      expect(() => keys.uploadReceipt(ref, bad)).toThrow(RangeError);
      expect(() => keys.segment(ref, { track: 'main', index: 0, firstSample: bad })).toThrow(RangeError);
    }
  });
});

describe('reading keys back', () => {
  it('gives what a key was built from', () => {
    const segment = { track: 'inbound', index: 1_234_567, firstSample: 12 } as const;
    expect(parseSegmentKey(keys.segment(ref, segment))).toEqual(segment);
    const result = { track: 'main', index: 7, attempt: 12 } as const;
    expect(parseResultKey(keys.result(ref, result))).toEqual(result);
    expect(parsePendingKey(keys.pending(ref))).toEqual(ref);
    expect(parseKeyHash(keys.apiKey(hash))).toBe(hash);
  });

  it('gives null for anything else', () => {
    for (const key of [
      '',
      keys.session(ref),
      `${root}segments/side/000001-000000000000.wav`,
      `${root}results/x/1.json`,
    ]) {
      expect(parseSegmentKey(key)).toBeNull();
      expect(parseResultKey(key)).toBeNull();
      expect(parsePendingKey(key)).toBeNull();
      expect(parseKeyHash(key)).toBeNull();
    }
  });
});
