import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createLinkSigner } from './media-link.ts';

const PATH = '/voice/v1/sessions/ses_1234567890123456/audio';

function setup() {
  const time = { now: 1_000_000_000 };
  const signer = createLinkSigner({ secret: randomBytes(32), clock: () => time.now });
  const open = (link: string) => {
    const url = new URL(link, 'http://host');
    return signer.verify(url.pathname, Object.fromEntries(url.searchParams));
  };
  return { time, signer, open, link: signer.sign({ path: PATH, tenant: 'clinic', ttlSeconds: 60 }) };
}

describe('a media link', () => {
  it('opens its path for its tenant until it expires', () => {
    const { open, link, time } = setup();
    expect(open(link)).toBe('clinic');
    time.now += 59_999;
    expect(open(link)).toBe('clinic');
    time.now += 1;
    expect(() => open(link)).toThrow(expect.objectContaining({ code: 'token_expired' }));
  });

  it.each([
    ['another path', (link: string) => link.replace('ses_1', 'ses_2')],
    ['another tenant', (link: string) => link.replace('clinic', 'clinib')],
    ['a later end', (link: string) => link.replace(/expires=\d+/, 'expires=9999999999')],
    ['another signature', (link: string) => link.replace(/signature=.{4}/, 'signature=AAAA')],
    ['no signature', (link: string) => link.replace(/&signature=.*/, '')],
    ['a doubled field', (link: string) => `${link}x`],
  ])('does not open with %s', (_name, change) => {
    const { open, link } = setup();
    expect(change(link)).not.toBe(link);
    expect(() => open(change(link))).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });

  it('does not open at another server, nor with lists for fields', () => {
    const { link, signer } = setup();
    expect(() => setup().open(link)).toThrow(expect.objectContaining({ code: 'forbidden' }));
    const query = Object.fromEntries(new URL(link, 'http://host').searchParams);
    expect(() => signer.verify(PATH, { ...query, tenant: ['clinic'] })).toThrow(
      expect.objectContaining({ code: 'forbidden' }),
    );
    expect(() => signer.verify(PATH, {})).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});
