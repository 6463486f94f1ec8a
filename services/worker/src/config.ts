import { LIMITS } from '@earshot/protocol';
import { z } from 'zod';
import { EngineSpec } from './engines/engine-spec.ts';

const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const count = z.coerce.number().int();

/** Settings of the worker service, from environment variables; every row is in the service's README. */
export const WorkerConfig = z.object({
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  EARSHOT_OBJECT_STORE: z.string().default('file:.earshot/data/objects'),
  EARSHOT_ENGINE_LITE: EngineSpec.prefault('pocketsphinx'),
  EARSHOT_ENGINE_PRO: EngineSpec.prefault('pocketsphinx'),
  EARSHOT_ENGINE_API_KEY: z.string().optional(),
  /** Second opinion on segments without speech: mark their text as suspect, or spare the engine. */
  EARSHOT_SPEECH_CHECK: z.enum(['none', 'mark', 'skip']).default('none'),
  /** Processes of each local neural engine, each with the model in memory. */
  EARSHOT_ENGINE_PROCESSES: count.min(1).max(64).default(1),
  /** Segments transcribed side by side; by the engines and the number of processors unless set. */
  EARSHOT_CONCURRENCY: count.min(1).max(256).optional(),
  EARSHOT_DECODE_CONCURRENCY: count.min(1).max(64).default(2),
  EARSHOT_WEBHOOK_CONCURRENCY: count.min(1).max(512).default(32),
  EARSHOT_WEBHOOK_ALLOW_INSECURE: flag.default(false),
  EARSHOT_CUT_POLICY: z.enum(['first', 'longest', 'decay']).default('first'),
  EARSHOT_RECONCILE_SECONDS: count.min(1).max(3600).default(15),
  /** How long audio is kept after a session's completion, days, unless its tenant has other rules; 0 for ever. */
  EARSHOT_KEEP_AUDIO_DAYS: count.min(0).max(36_500).default(LIMITS.keepAudioDays),
  /** How long recordings of calls are kept after the call, days, unless their tenant has other rules; 0 for ever. */
  EARSHOT_KEEP_RECORDING_DAYS: count.min(0).max(36_500).default(LIMITS.keepRecordingDays),
  /** Calls whose recordings are made side by side. */
  EARSHOT_RECORDING_CONCURRENCY: count.min(1).max(64).default(2),
  /** Room for three times the longest call; the system's temporary folder unless set. */
  EARSHOT_SPOOL_DIR: z.string().optional(),
  /** How long running jobs get at shutdown before they are given back. */
  EARSHOT_DRAIN_SECONDS: count.min(0).max(600).default(20),
  EARSHOT_METRICS_HOST: z.string().default('127.0.0.1'),
  /** Serves /healthz, /readyz and /metrics; no listener unless set. */
  EARSHOT_METRICS_PORT: count.min(0).max(65_535).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

/** Reads settings from an environment; empty variables count as absent. Throws one sentence a problem. */
export function readWorkerConfig(env: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = WorkerConfig.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The settings are not valid. ${problems.join('; ')}`);
}
