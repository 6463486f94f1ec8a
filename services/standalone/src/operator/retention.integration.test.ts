import { createSessionArchive, openObjectStore } from '@earshot/storage';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readStandaloneConfig } from '../config.ts';
import { retention } from './retention.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function run(...args: string[]) {
  const printed: string[] = [];
  const complained: string[] = [];
  const output = {
    print: (line: string) => void printed.push(line),
    complain: (line: string) => void complained.push(line),
  };
  const config = readStandaloneConfig({ EARSHOT_KEEP_AUDIO_DAYS: '14' }, folder.path);
  return { code: await retention(config, args, output), printed, complained, config };
}

describe('earshot retention', () => {
  it('shows the setting of the server for a tenant without rules of its own', async () => {
    expect((await run('show')).printed).toEqual([
      'default keeps audio 14 days and transcripts for ever (by EARSHOT_KEEP_AUDIO_DAYS)',
    ]);
  });

  it('keeps the rules of a tenant where the sweep reads them', async () => {
    const set = ['set', '--tenant', 'clinic', '--keep-audio-days', '7', '--keep-transcript-days', '365'];
    const { code, printed, config } = await run(...set);
    expect([code, printed]).toEqual([0, ['clinic keeps audio 7 days and transcripts 365 days']]);
    expect((await run('show', '--tenant', 'clinic')).printed).toEqual(printed);
    const store = openObjectStore(config.objectStore);
    expect(await createSessionArchive(store).readPolicy('clinic')).toEqual({
      v: 1,
      keepAudioDays: 7,
      keepTranscriptDays: 365,
    });
    const short = ['set', '--tenant', 'clinic', '--keep-audio-days', '7', '--keep-recording-days', '3'];
    expect((await run(...short)).printed).toEqual([
      'clinic keeps audio 7 days, recordings of calls 3 days and transcripts for ever',
    ]);
    expect(await createSessionArchive(store).readPolicy('clinic')).toMatchObject({ keepRecordingDays: 3 });
    await store.close();
    const forEver = await run('set', '--tenant', 'clinic', '--keep-audio-days', '0');
    expect(forEver.printed).toEqual(['clinic keeps audio for ever and transcripts for ever']);
  });

  it.each([
    [[]],
    [['set']],
    [['set', '--keep-audio-days=-1']],
    [['set', '--keep-audio-days', '1.5']],
    [['set', '--keep-audio-days', '3', '--keep-transcript-days', '0']],
    [['show', '--tenant', '../x']],
    [['set', '--keep-audio-days', '3', '--keep-recording-days', 'x']],
    [['forget']],
  ])('refuses %p with its usage', async (args) => {
    const { code, complained } = await run(...args);
    expect([code, complained.join()]).toEqual([1, expect.stringContaining('Usage: earshot retention')]);
  });
});
