import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSession } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    worker: false,
    env: { EARSHOT_LANGUAGES_LITE: 'en', EARSHOT_LANGUAGES_PRO: 'de,hi' },
  });
}, 60_000);
afterAll(() => rig.stop());

const statusOf = async (path: string, method: string, body: object): Promise<number> =>
  (
    await rig.call(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).status;

describe('a language hint', () => {
  it('is taken when one of its languages is spoken by the model, as the published example has it', async () => {
    expect(await statusOf('/sessions', 'POST', { language_hint: ['en', 'hi'] })).toBe(201);
    expect(await statusOf('/sessions', 'POST', { language_hint: 'en-IN' })).toBe(201);
    expect(await statusOf('/sessions', 'POST', { language_hint: ['auto_detect'] })).toBe(201);
    expect(await statusOf('/sessions', 'POST', { model: 'pro', language_hint: ['hi'] })).toBe(201);
  });

  it('is refused when none is, at Create and at PATCH alike', async () => {
    expect(await statusOf('/sessions', 'POST', { language_hint: ['hi', 'ta'] })).toBe(422);
    const { session_id: id } = await createSession(rig, { upload_type: 'chunked' });
    expect(await statusOf(`/sessions/${id}`, 'PATCH', { language_hint: ['hi'] })).toBe(422);
    expect(await statusOf(`/sessions/${id}`, 'PATCH', { model: 'pro', language_hint: ['hi'] })).toBe(200);
    expect(await statusOf(`/sessions/${id}`, 'PATCH', { transcript_language: ['en'] })).toBe(200);
  });
});
