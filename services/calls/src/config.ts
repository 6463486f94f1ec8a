import {
  countSetting,
  flagSetting,
  HTTP_SETTINGS,
  listSetting,
  NODE_SETTINGS,
  readSettings,
} from '@earshot/node';
import { LIMITS } from '@earshot/protocol';
import { z } from 'zod';
import { REALTIME_SETTINGS } from './secrets/open-providers.ts';

/** Settings of the calls service, from environment variables; every row is in the service's README. */
export const CallsConfig = z.object({
  ...NODE_SETTINGS,
  ...HTTP_SETTINGS,
  EARSHOT_CALLS_PORT: countSetting.min(0).max(65_535).default(8081),
  /** Where clients and carriers reach this node: it carries its calls alone. */
  EARSHOT_CALLS_PUBLIC_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  EARSHOT_MEDIA_ORIGINS: listSetting.optional(),
  /** JSON file with the carriers and their secrets. */
  EARSHOT_CARRIERS: z.string().optional(),
  /** Folder with `{name}.wav` samples that loopback peers can speak. */
  EARSHOT_LOOPBACK_SAMPLES: z.string().optional(),
  EARSHOT_LOOPBACK: flagSetting.default(true),
  /** A line that is made on the loopback carrier when the bootstrap tenant has none. */
  EARSHOT_FIRST_LINE: z.string().optional(),
  EARSHOT_MAX_CALLS: countSetting.min(1).default(LIMITS.maxLiveCalls),
  EARSHOT_MEDIA_FRAME_BYTES: countSetting.min(2).max(32_000).multipleOf(2).default(LIMITS.mediaFrameBytes),
  ...REALTIME_SETTINGS,
});
export type CallsConfig = z.infer<typeof CallsConfig>;

/** Reads settings from an environment; empty variables count as absent. Throws one sentence a problem. */
export function readCallsConfig(env: Readonly<Record<string, string | undefined>>): CallsConfig {
  return readSettings(CallsConfig, env);
}
