import { describe, expect, it } from '@jest/globals';
import { parseCarrierFile, streamSettings } from './carrier-config.ts';

const vobiz = {
  kind: 'media-streams',
  auth: { kind: 'path-secret', value: 'route-secret-of-22-chars' },
};
const twilio = { kind: 'twilio', accountSid: `AC${'0'.repeat(32)}`, authToken: 'token-of-twilio' };

describe('the carrier file', () => {
  it('is read with what it leaves out', () => {
    const file = parseCarrierFile(JSON.stringify({ vobiz, twilio }));
    expect(file['vobiz']).toMatchObject({ kind: 'media-streams', listenOnly: false, byteOrder: 'auto' });
    expect(streamSettings(file)).toMatchObject({
      vobiz: { auth: vobiz.auth },
      twilio: { auth: { kind: 'twilio', authToken: 'token-of-twilio' }, listenOnly: false },
    });
  });

  it.each([
    ['no JSON', '{"vobiz": route-secret-of-22-chars'],
    ['no object', '[]'],
    ['a carrier named loopback', JSON.stringify({ loopback: vobiz })],
    ['a name that no line can have', JSON.stringify({ 'Vobiz!': vobiz })],
    ['a kind that is not known', JSON.stringify({ vobiz: { ...vobiz, kind: 'route-secret-of-22-chars' } })],
    [
      'a secret that is too short',
      JSON.stringify({ vobiz: { ...vobiz, auth: { ...vobiz.auth, value: 'secret-' } } }),
    ],
    ['a field that is not known', JSON.stringify({ vobiz: { ...vobiz, 'secret-extra': 1 } })],
  ])('is refused when it holds %s, without repeating what stands there', (_, text) => {
    const read = () => parseCarrierFile(text);
    expect(read).toThrow('The carrier file is not');
    expect(read).not.toThrow(/secret/);
  });
});
