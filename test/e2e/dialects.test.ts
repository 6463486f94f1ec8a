import { readdirSync, readFileSync } from 'node:fs';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSession, endSession, recordedBytes, sha256, streamMessages } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';

const folder = new URL('../../packages/dialects/fixtures/golden/', import.meta.url);
interface Expected {
  readonly error?: string;
  readonly options?: object;
  readonly format: { readonly dialect: string };
  readonly tracks: Record<
    string,
    { readonly sampleRate: number; readonly samples: number; readonly sha256: string }
  >;
  readonly gaps: readonly { readonly track: string; readonly samples: number }[];
}
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => file.slice(0, -'.jsonl'.length));
const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(new URL(`${name}.expected.json`, folder), 'utf8')) as Expected;

function tapeOf(name: string): (string | Uint8Array)[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const message = JSON.parse(line) as { binary: boolean; text: string; base64: string };
    return message.binary ? Uint8Array.from(Buffer.from(message.base64, 'base64')) : message.text;
  });
}

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    worker: false,
    engine: createScriptedEngine({ script: () => 'unused' }),
    env: { EARSHOT_WAVIX_FORMAT: 'audio/x-l16;rate=24000' },
  });
}, 60_000);
afterAll(() => rig.stop());

describe('each dialect over a real socket', () => {
  const accepted = names.filter((name) => expectedOf(name).error === undefined);
  it.each(accepted)(
    '%s is stored with the right samples',
    async (name) => {
      const expected = expectedOf(name);
      const session = await createSession(rig, { upload_type: 'stream' });
      // A Voximplant socket may carry one stream after another, so there the client closes.
      const hangUp = expected.format.dialect === 'voximplant';
      const code = await streamMessages(session.upload_url, tapeOf(name), { hangUp });
      expect(code).toBe(hangUp ? 1005 : 1000);
      await endSession(rig, session.session_id);
      for (const [track, wanted] of Object.entries(expected.tracks)) {
        const gap = expected.gaps
          .filter((range) => range.track === track)
          .reduce((sum, range) => sum + range.samples, 0);
        const bytes = await recordedBytes(rig, session.session_id, track);
        if (gap === 0) expect(sha256(bytes)).toBe(wanted.sha256);
        expect(bytes.length / 2).toBeGreaterThanOrEqual(wanted.samples);
      }
    },
    30_000,
  );

  it.each(names.filter((name) => expectedOf(name).error !== undefined))(
    '%s is refused by a close code',
    async (name) => {
      const session = await createSession(rig, { upload_type: 'stream' });
      expect([1002, 1003, 1007]).toContain(await streamMessages(session.upload_url, tapeOf(name)));
    },
  );
});
