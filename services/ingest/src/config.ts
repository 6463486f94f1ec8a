import { LIMITS, parseMediaType, TENANT_ID } from '@earshot/protocol';
import { z } from 'zod';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const languages = list.pipe(z.array(z.string().regex(/^[a-z]{2}$/, 'a language is an ISO 639-1 code')));
const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
/** `audio/x-mulaw;rate=8000`: what a platform sends that does not say so itself. */
const rawFormat = z.string().transform((text, context) => {
  const type = parseMediaType(text);
  const sampleRate = Number(type?.parameters['rate']);
  if (type !== undefined && LIMITS.sampleRates.includes(sampleRate))
    return { encoding: type.essence, sampleRate };
  context.addIssue({ code: 'custom', message: 'a format looks like audio/x-mulaw;rate=8000' });
  return z.NEVER;
});
const count = z.coerce.number().int();

/** Settings of the ingest service, from environment variables; every row is in the service's README. */
export const IngestConfig = z.object({
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  EARSHOT_OBJECT_STORE: z.string().default('file:.earshot/data/objects'),
  EARSHOT_HOST: z.string().default('127.0.0.1'),
  EARSHOT_PORT: count.min(0).max(65_535).default(8080),
  EARSHOT_PUBLIC_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  EARSHOT_CORS_ORIGINS: list.optional(),
  EARSHOT_STREAM_ORIGINS: list.optional(),
  EARSHOT_TRUSTED_PROXIES: list.optional(),
  EARSHOT_TOKEN_SECRET: z.string().min(32).optional(),
  EARSHOT_BOOTSTRAP_KEY: z.string().min(16).optional(),
  EARSHOT_BOOTSTRAP_TENANT: z.string().regex(TENANT_ID).default('default'),
  EARSHOT_SPOOL_DIR: z.string().optional(),
  EARSHOT_JOURNAL_DIR: z.string().default('.earshot/data/journal'),
  EARSHOT_JOURNAL_DURABILITY: z.enum(['fsync', 'os', 'off']).default('fsync'),
  EARSHOT_JOURNAL_COMMIT_MS: count.min(1).max(1000).default(LIMITS.journalCommitMs),
  EARSHOT_JOURNAL_FILE_BYTES: count.min(65_536).default(LIMITS.journalFileBytes),
  EARSHOT_JOURNAL_RESERVE_BYTES: count.min(0).default(LIMITS.journalReserveBytes),
  EARSHOT_JOURNAL_LOW_WATER_BYTES: count.min(0).default(LIMITS.journalLowWaterBytes),
  EARSHOT_RECOVERY_WAIT_SECONDS: count.min(1).max(86_400).default(LIMITS.recoveryWaitSeconds),
  EARSHOT_RESUME_SECONDS: count
    .min(1)
    .max(3600)
    .default(LIMITS.streamResumeMs / 1000),
  EARSHOT_MAX_STREAMS: count.min(1).default(LIMITS.maxLiveStreams),
  EARSHOT_SESSION_TTL_SECONDS: count.min(1).max(2_592_000).default(LIMITS.sessionTtlSeconds),
  EARSHOT_UPLOAD_CONFLICT: z.enum(['refuse', 'replace']).default('refuse'),
  EARSHOT_MAX_CHUNK_BYTES: count.min(1024).default(LIMITS.maxChunkBytes),
  EARSHOT_MAX_SINGLE_BYTES: count.min(1024).default(LIMITS.maxSingleBytes),
  EARSHOT_WAVIX_FORMAT: rawFormat.optional(),
  EARSHOT_CUT_MIN_SECONDS: z.coerce.number().min(0.2).default(LIMITS.segmentMinSeconds),
  EARSHOT_CUT_MAX_SECONDS: z.coerce.number().max(60).default(LIMITS.segmentMaxSeconds),
  EARSHOT_CUT_POLICY: z.enum(['first', 'longest', 'decay']).default('first'),
  EARSHOT_LANGUAGES_LITE: languages.default(['en']),
  EARSHOT_LANGUAGES_PRO: languages.default(['en']),
  EARSHOT_LANGUAGE_DETECTION: flag.default(false),
  EARSHOT_OIDC_ISSUER: z.url().optional(),
  EARSHOT_OIDC_AUDIENCE: list.optional(),
  EARSHOT_OIDC_JWKS_URL: z.url().optional(),
  EARSHOT_OIDC_TENANT_CLAIM: z.string().optional(),
  EARSHOT_OIDC_TENANT: z.string().regex(TENANT_ID).optional(),
  EARSHOT_OIDC_AUTHORIZATION_ENDPOINT: z.url().optional(),
  EARSHOT_OIDC_TOKEN_ENDPOINT: z.url().optional(),
  EARSHOT_WEBHOOK_ALLOW_INSECURE: flag.default(false),
  EARSHOT_RATE_LIMIT_PER_MINUTE: count.min(1).default(600),
  EARSHOT_CREATE_LIMIT_PER_MINUTE: count.min(1).default(120),
  EARSHOT_METRICS: flag.default(true),
  EARSHOT_SERVICE_NAME: z.string().max(100).default('earshot'),
  EARSHOT_SUPPORT_EMAIL: z.email().optional(),
  EARSHOT_NODE_NAME: z.string().max(100).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type IngestConfig = z.infer<typeof IngestConfig>;

const Checked = IngestConfig.refine(
  (config) => config.EARSHOT_OIDC_ISSUER === undefined || config.EARSHOT_OIDC_AUDIENCE !== undefined,
  { message: 'EARSHOT_OIDC_ISSUER needs EARSHOT_OIDC_AUDIENCE', path: ['EARSHOT_OIDC_AUDIENCE'] },
);

/** Reads settings from an environment; empty variables count as absent. Throws one sentence a problem. */
export function readIngestConfig(env: Readonly<Record<string, string | undefined>>): IngestConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Checked.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The settings are not valid. ${problems.join('; ')}`);
}
