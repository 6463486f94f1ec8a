import { LIMITS, TENANT_ID } from '@earshot/protocol';
import { z } from 'zod';

/** A comma-separated list. */
export const listSetting = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
/** `true`, `false`, `1` or `0`. */
export const flagSetting = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');
/** A whole number. */
export const countSetting = z.coerce.number().int();

/** Settings of every process that takes live audio: where truth lies, who may come in, how audio is kept and cut. */
export const NODE_SETTINGS = {
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  EARSHOT_OBJECT_STORE: z.string().default('file:.earshot/data/objects'),
  EARSHOT_TOKEN_SECRET: z.string().min(32).optional(),
  EARSHOT_BOOTSTRAP_KEY: z.string().min(16).optional(),
  EARSHOT_BOOTSTRAP_TENANT: z.string().regex(TENANT_ID).default('default'),
  EARSHOT_JOURNAL_DIR: z.string().default('.earshot/data/journal'),
  EARSHOT_JOURNAL_DURABILITY: z.enum(['fsync', 'os', 'off']).default('fsync'),
  EARSHOT_JOURNAL_COMMIT_MS: countSetting.min(1).max(1000).default(LIMITS.journalCommitMs),
  EARSHOT_JOURNAL_FILE_BYTES: countSetting.min(65_536).default(LIMITS.journalFileBytes),
  EARSHOT_JOURNAL_RESERVE_BYTES: countSetting.min(0).default(LIMITS.journalReserveBytes),
  EARSHOT_JOURNAL_LOW_WATER_BYTES: countSetting.min(0).default(LIMITS.journalLowWaterBytes),
  EARSHOT_RECOVERY_WAIT_SECONDS: countSetting.min(1).max(86_400).default(LIMITS.recoveryWaitSeconds),
  EARSHOT_RESUME_SECONDS: countSetting
    .min(1)
    .max(3600)
    .default(LIMITS.streamResumeMs / 1000),
  EARSHOT_MAX_STREAMS: countSetting.min(1).default(LIMITS.maxLiveStreams),
  EARSHOT_SESSION_TTL_SECONDS: countSetting.min(1).max(2_592_000).default(LIMITS.sessionTtlSeconds),
  EARSHOT_UPLOAD_CONFLICT: z.enum(['refuse', 'replace']).default('refuse'),
  EARSHOT_CUT_MIN_SECONDS: z.coerce.number().min(0.2).default(LIMITS.segmentMinSeconds),
  EARSHOT_CUT_MAX_SECONDS: z.coerce.number().max(60).default(LIMITS.segmentMaxSeconds),
  EARSHOT_CUT_POLICY: z.enum(['first', 'longest', 'decay']).default('first'),
  EARSHOT_OIDC_ISSUER: z.url().optional(),
  EARSHOT_OIDC_AUDIENCE: listSetting.optional(),
  EARSHOT_OIDC_JWKS_URL: z.url().optional(),
  EARSHOT_OIDC_TENANT_CLAIM: z.string().optional(),
  EARSHOT_OIDC_TENANT: z.string().regex(TENANT_ID).optional(),
  EARSHOT_NODE_NAME: z.string().max(100).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
} as const;

export type NodeSettings = z.infer<z.ZodObject<typeof NODE_SETTINGS>>;

/** Reads settings by their schema; empty variables count as absent. Throws one sentence a problem. */
export function readSettings<T>(schema: z.ZodType<T>, env: Readonly<Record<string, string | undefined>>): T {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The settings are not valid. ${problems.join('; ')}`);
}
