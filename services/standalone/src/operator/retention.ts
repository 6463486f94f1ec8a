import { parseArgs } from 'node:util';
import { TENANT_ID, TenantPolicy } from '@earshot/protocol';
import { createSessionArchive, openObjectStore, type SessionArchive } from '@earshot/storage';
import type { StandaloneConfig } from '../config.ts';
import type { Output } from './keys.ts';

export const RETENTION_USAGE = `Usage: earshot retention show [--tenant TENANT]
       earshot retention set [--tenant TENANT] --keep-audio-days DAYS [--keep-recording-days DAYS]
                              [--keep-transcript-days DAYS|forever]`;

/** Runs `retention show|set` on the object store; resolves to the exit code. */
export async function retention(
  config: Pick<StandaloneConfig, 'objectStore' | 'worker'>,
  args: readonly string[],
  output: Output,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tenant: { type: 'string', default: 'default' },
      'keep-audio-days': { type: 'string' },
      'keep-recording-days': { type: 'string' },
      'keep-transcript-days': { type: 'string', default: 'forever' },
    },
  });
  const { tenant } = values;
  const [action, ...rest] = positionals;
  const isKnown = action === 'show' || (action === 'set' && values['keep-audio-days'] !== undefined);
  if (!isKnown || rest.length > 0 || !TENANT_ID.test(tenant)) {
    output.complain(RETENTION_USAGE);
    return 1;
  }
  const store = openObjectStore(config.objectStore);
  try {
    const archive = createSessionArchive(store);
    if (action === 'show') return await show(archive, { tenant, config }, output);
    return await set(archive, { tenant, policy: policyOf(values) }, output);
  } finally {
    await store.close();
  }
}

interface DaysAsked {
  readonly 'keep-audio-days'?: string | undefined;
  readonly 'keep-recording-days'?: string | undefined;
  readonly 'keep-transcript-days': string;
}

function policyOf(asked: DaysAsked): TenantPolicy | null {
  const transcript = asked['keep-transcript-days'];
  const recording = asked['keep-recording-days'];
  if (recording !== undefined && days(recording) === undefined) return null;
  const parsed = TenantPolicy.safeParse({
    v: 1,
    keepAudioDays: days(asked['keep-audio-days'] ?? ''),
    keepTranscriptDays: transcript === 'forever' ? null : days(transcript),
    keepRecordingDays: recording === undefined ? undefined : days(recording),
  });
  return parsed.success ? parsed.data : null;
}

function days(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

async function set(
  archive: SessionArchive,
  { tenant, policy }: { readonly tenant: string; readonly policy: TenantPolicy | null },
  output: Output,
): Promise<number> {
  if (policy === null) {
    output.complain(
      `Days are whole numbers; 0 days of audio or recordings are for ever.\n${RETENTION_USAGE}`,
    );
    return 1;
  }
  await archive.writePolicy(tenant, policy);
  output.print(sentence(tenant, policy));
  return 0;
}

async function show(
  archive: SessionArchive,
  { tenant, config }: { readonly tenant: string; readonly config: Pick<StandaloneConfig, 'worker'> },
  output: Output,
): Promise<number> {
  const own = await archive.readPolicy(tenant);
  const keepAudioDays = config.worker.EARSHOT_KEEP_AUDIO_DAYS;
  const policy = own ?? { v: 1, keepAudioDays, keepTranscriptDays: null };
  output.print(`${sentence(tenant, policy)}${own === null ? ' (by EARSHOT_KEEP_AUDIO_DAYS)' : ''}`);
  return 0;
}

function sentence(tenant: string, policy: TenantPolicy): string {
  const { keepAudioDays, keepRecordingDays, keepTranscriptDays } = policy;
  const kept = (count: number | null): string =>
    count === 0 || count === null ? 'for ever' : `${count} days`;
  const recordings =
    keepRecordingDays === undefined ? '' : `, recordings of calls ${kept(keepRecordingDays)}`;
  return `${tenant} keeps audio ${kept(keepAudioDays)}${recordings} and transcripts ${kept(keepTranscriptDays)}`;
}
