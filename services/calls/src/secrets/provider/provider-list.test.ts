import { RealtimeSecretRequest } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import type { Provider } from './provider.ts';
import { chooseProvider, orderFor } from './provider-list.ts';
import { clientSecretBody, formerSessionBody } from './secret-order.ts';

const provider = (more: Partial<Provider>): Provider => ({
  name: 'main',
  endpoint: 'https://api.example/v1/realtime/client_secrets',
  isDefault: false,
  shape: 'client_secrets',
  models: ['m', 'gpt-realtime-whisper'],
  voices: ['v'],
  order: () => Promise.resolve({ failed: 'unreachable' }),
  ...more,
});
const main = provider({ isDefault: true });
const other = provider({ name: 'other', endpoint: 'https://other.example/mint' });
const request = (more: object) => RealtimeSecretRequest.parse({ model: 'm', voice: 'v', ...more });
const refused = expect.objectContaining({ code: 'invalid_request' });

describe('the provider of a request', () => {
  it('is the default one, or the only one', () => {
    expect(chooseProvider([other, main], undefined)).toBe(main);
    expect(chooseProvider([other], undefined)).toBe(other);
    expect(() => chooseProvider([], undefined)).toThrow(
      /No realtime provider is configured.*EARSHOT_REALTIME_PROVIDERS.*EARSHOT_REALTIME_STUB=true/,
    );
  });

  it.each([
    'https://other.example/mint',
    'HTTPS://OTHER.EXAMPLE:443/mint',
    'https://other.example/x/../mint',
  ])('is the one whose endpoint is %s, however it is written', (endpoint) => {
    expect(chooseProvider([main, other], endpoint)).toBe(other);
  });

  it.each([
    'https://other.example/',
    'https://other.example/mint/',
    'https://other.example/MINT',
    'https://other.example/mint?x=1',
    'https://other.example/mint#x',
    'https://other.example/mint?',
    'https://other.example:8443/mint',
    'https://u@other.example/mint',
    'https://other.example./mint',
    'http://other.example/mint',
    '/mint',
    '',
  ])('is none when the endpoint is %p', (endpoint) => {
    expect(() => chooseProvider([main, other], endpoint)).toThrow(refused);
    expect(() => chooseProvider([], endpoint)).toThrow(refused);
  });
});

describe('an order', () => {
  it.each([
    [undefined, 600],
    [-5, 10],
    [9, 10],
    [10, 10],
    [61, 61],
    [7200, 7200],
    [7201, 7200],
  ])('for %p seconds becomes %p', (ttlSeconds, expected) => {
    expect(orderFor(main, request({ ttlSeconds })).ttlSeconds).toBe(expected);
  });

  it('is only for what the provider offers', () => {
    expect(() => orderFor(main, request({ model: 'other' }))).toThrow(refused);
    expect(() => orderFor(main, request({ voice: 'other' }))).toThrow(refused);
    const transcription = request({ type: 'transcription', voice: undefined });
    expect(orderFor(main, transcription).voice).toBeNull();
    expect(() => orderFor(provider({ shape: 'sessions' }), transcription)).toThrow(refused);
  });

  it('has a voice exactly when it is a conversation', () => {
    expect(RealtimeSecretRequest.safeParse({ model: 'm' }).success).toBe(false);
    expect(RealtimeSecretRequest.safeParse({ model: 'm', voice: 'v', type: 'transcription' }).success).toBe(
      false,
    );
  });

  it('is written as each shape wants it', () => {
    const expires_after = { anchor: 'created_at', seconds: 600 };
    const realtime = orderFor(main, request({}));
    expect(clientSecretBody(realtime)).toEqual({
      expires_after,
      session: { type: 'realtime', model: 'm', audio: { output: { voice: 'v' } } },
    });
    expect(formerSessionBody(realtime)).toEqual({ model: 'm', voice: 'v', modalities: ['audio', 'text'] });
    const asTranscription = (model: string) =>
      clientSecretBody(orderFor(main, request({ model, voice: undefined, type: 'transcription' })));
    expect(asTranscription('m')).toEqual({
      expires_after,
      session: { type: 'transcription', audio: { input: { transcription: { model: 'm' } } } },
    });
    expect(asTranscription('gpt-realtime-whisper')).toEqual({
      expires_after,
      session: {
        type: 'transcription',
        audio: { input: { transcription: { model: 'gpt-realtime-whisper' }, turn_detection: null } },
      },
    });
  });
});
