import { isPublicAddress } from '@earshot/runtime';
import { z } from 'zod';
import { readSettingFile } from '../../setting-file.ts';

/** Path of OpenAI's endpoint for each shape that is understood. */
const DEFAULT_PATHS = {
  client_secrets: '/v1/realtime/client_secrets',
  sessions: '/v1/realtime/sessions',
} as const;

const names = z.array(z.string().min(1).max(100)).max(200);
/** What can stand in a header: visible ASCII. */
const secret = z.string().regex(/^[\x21-\x7e]{8,4096}$/, 'a key is 8 to 4096 visible ASCII characters');

/** Addresses and plain http need `allowPrivate`; a name is judged when it is resolved. */
function isPublicOrigin({ protocol, hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const isName = !/^[\d.]+$/.test(host) && !host.includes(':');
  return protocol === 'https:' && (isName ? /[^.]\.[^.]+$/.test(host) : isPublicAddress(host));
}

/** One provider that secrets may be asked of, with the one key that only it is sent. */
export const ProviderEntry = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name is lower-case letters, digits and hyphens'),
    /** `https://api.example[:port]`, as a URL parser writes it: nothing else may follow. */
    origin: z.string(),
    path: z.string().optional(),
    apiKey: secret,
    models: names.min(1),
    voices: names.default([]),
    /** Serves requests that name no endpoint. One provider alone needs not say so. */
    default: z.boolean().default(false),
    /** Development only: plain http and addresses that are not public. */
    allowPrivate: z.boolean().default(false),
    /** Which of OpenAI's requests it understands. */
    shape: z.enum(['client_secrets', 'sessions']).default('client_secrets'),
  })
  .transform((entry) => ({ ...entry, path: entry.path ?? DEFAULT_PATHS[entry.shape] }))
  .superRefine(({ origin, path, allowPrivate }, context) => {
    const fail = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url === undefined || url.origin !== origin || !/^https?:$/.test(url.protocol)) {
      fail('origin', 'an origin is scheme, host and port only, as in https://api.example');
      return;
    }
    if (!allowPrivate && !isPublicOrigin(url)) {
      fail('origin', 'needs https and a public host unless allowPrivate is set');
    }
    if (!path.startsWith('/') || new URL(origin + path).href !== origin + path || /[?#]/.test(path)) {
      fail('path', 'a path begins with a slash, is written as a URL parser writes it, and has no query');
    }
  });
export type ProviderEntry = z.infer<typeof ProviderEntry>;

/** The operator's list of providers: names and endpoints are unique, and one of several is the default. */
export const ProviderFile = z.array(ProviderEntry).superRefine((entries, context) => {
  const unique = (values: string[]): boolean => new Set(values).size === values.length;
  const fail = (message: string): void => context.addIssue({ code: 'custom', path: [], message });
  if (!unique(entries.map(({ name }) => name))) fail('two providers have the same name');
  if (!unique(entries.map(({ origin, path }) => origin + path))) fail('two providers have the same endpoint');
  const defaults = entries.filter((entry) => entry.default).length;
  if (defaults > 1 || (entries.length > 1 && defaults === 0)) fail('one provider must be the default');
});

/** Reads the list; throws one sentence a problem, without anything that the file says. */
export async function readProviderFile(path: string): Promise<ProviderEntry[]> {
  const parsed = ProviderFile.safeParse(parseJson(await readSettingFile('EARSHOT_REALTIME_PROVIDERS', path)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The list of realtime providers is not valid. ${problems.join('; ')}`);
}

/** The parser's own message would quote the file, which holds keys. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('The list of realtime providers is not JSON.');
  }
}
