import { EarshotError } from '@earshot/protocol';
import type { Principal, RequestHeaders } from '@earshot/runtime';
import { describe, expect, it } from '@jest/globals';
import { stillMayUse } from './credential.ts';

const LINE = { tenant: 'clinic', lineId: 'lin_desk' };
const principal = (over: Partial<Principal> = {}): Promise<Principal> =>
  Promise.resolve({ tenant: 'clinic', keyId: 'key_1', subject: 'key_1', line: null, test: false, ...over });

describe('whether a credential still may use a line', () => {
  it('is asked with what says who asks, and nothing else of the request', async () => {
    const seen: RequestHeaders[] = [];
    const headers = {
      authorization: 'Bearer a',
      'x-api-key': 'b',
      'x-api-key-id': 'c',
      cookie: 'd',
      host: 'e',
    };
    const authenticate = (asked: RequestHeaders): Promise<Principal> => {
      seen.push(asked);
      return principal();
    };
    const ask = stillMayUse(authenticate, headers, LINE);
    expect(await ask()).toBe(true);
    expect(seen).toEqual([{ authorization: 'Bearer a', 'x-api-key': 'b', 'x-api-key-id': 'c' }]);
  });

  it.each<[boolean, Partial<Principal>]>([
    [true, {}],
    [true, { line: 'lin_desk' }],
    [false, { line: 'lin_other' }],
    [false, { tenant: 'other' }],
  ])('is %p for the principal %p', async (expected, over) => {
    expect(await stillMayUse(() => principal(over), {}, LINE)()).toBe(expected);
  });

  it('is no when it was revoked, yes when only its time is over, and unknown when nobody can tell', async () => {
    const failing = (error: Error) => stillMayUse(() => Promise.reject(error), {}, LINE)();
    expect(await failing(new EarshotError('invalid_api_key'))).toBe(false);
    expect(await failing(new EarshotError('authentication_failed'))).toBe(false);
    expect(await failing(new EarshotError('token_expired'))).toBe(true);
    await expect(failing(new EarshotError('service_unavailable'))).rejects.toThrow(EarshotError);
    await expect(failing(new Error('socket'))).rejects.toThrow('socket');
  });
});
