import {
  countSetting,
  flagSetting,
  HTTP_SETTINGS,
  listSetting,
  NODE_SETTINGS,
  readSettings,
} from '@earshot/node';
import { LIMITS, parseMediaType } from '@earshot/protocol';
import { z } from 'zod';

const languages = listSetting.pipe(
  z.array(z.string().regex(/^[a-z]{2}$/, 'a language is an ISO 639-1 code')),
);
/** `audio/x-mulaw;rate=8000`: what a platform sends that does not say so itself. */
const rawFormat = z.string().transform((text, context) => {
  const type = parseMediaType(text);
  const sampleRate = Number(type?.parameters['rate']);
  if (type !== undefined && LIMITS.sampleRates.includes(sampleRate))
    return { encoding: type.essence, sampleRate };
  context.addIssue({ code: 'custom', message: 'a format looks like audio/x-mulaw;rate=8000' });
  return z.NEVER;
});

/** Settings of the ingest service, from environment variables; every row is in the service's README. */
export const IngestConfig = z.object({
  ...NODE_SETTINGS,
  ...HTTP_SETTINGS,
  EARSHOT_PORT: countSetting.min(0).max(65_535).default(8080),
  EARSHOT_INGEST_PROCESSES: countSetting.min(1).max(LIMITS.maxIngestProcesses).optional(),
  EARSHOT_PUBLIC_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  EARSHOT_STREAM_ORIGINS: listSetting.optional(),
  EARSHOT_MAX_CHUNK_BYTES: countSetting.min(1024).default(LIMITS.maxChunkBytes),
  EARSHOT_MAX_SINGLE_BYTES: countSetting.min(1024).default(LIMITS.maxSingleBytes),
  EARSHOT_STREAM_READ_MS: countSetting.min(0).max(1000).default(LIMITS.streamReadIntervalMs),
  EARSHOT_STREAM_ACK_MS: countSetting.min(0).max(5000).default(LIMITS.streamAckIntervalMs),
  EARSHOT_WAVIX_FORMAT: rawFormat.optional(),
  EARSHOT_LANGUAGES_LITE: languages.default(['en']),
  EARSHOT_LANGUAGES_PRO: languages.default(['en']),
  EARSHOT_LANGUAGE_DETECTION: flagSetting.default(false),
  EARSHOT_OIDC_AUTHORIZATION_ENDPOINT: z.url().optional(),
  EARSHOT_OIDC_TOKEN_ENDPOINT: z.url().optional(),
  EARSHOT_SERVICE_NAME: z.string().max(100).default('earshot'),
  EARSHOT_SUPPORT_EMAIL: z.email().optional(),
});
export type IngestConfig = z.infer<typeof IngestConfig>;

const Checked = IngestConfig.refine(
  (config) => config.EARSHOT_OIDC_ISSUER === undefined || config.EARSHOT_OIDC_AUDIENCE !== undefined,
  { message: 'EARSHOT_OIDC_ISSUER needs EARSHOT_OIDC_AUDIENCE', path: ['EARSHOT_OIDC_AUDIENCE'] },
);

/** Reads settings from an environment; empty variables count as absent. Throws one sentence a problem. */
export function readIngestConfig(env: Readonly<Record<string, string | undefined>>): IngestConfig {
  return readSettings(Checked, env);
}
