import { z } from 'zod';
import { createProvider, type Provider, type ProviderOptions } from './provider/provider.ts';
import { readProviderFile } from './provider/provider-file.ts';
import { startStubProvider } from './stub-provider.ts';

/** Settings of the realtime secrets, rows of the service's configuration. */
export const REALTIME_SETTINGS = {
  /** Path of the operator's list of providers. */
  EARSHOT_REALTIME_PROVIDERS: z.string().optional(),
  /** Adds a provider on loopback whose secrets open nothing. */
  EARSHOT_REALTIME_STUB: z
    .enum(['true', 'false', '1', '0'])
    .transform((text) => text === 'true' || text === '1')
    .default(false),
  /** Secrets that a tenant may ask for in a minute; becomes the limit group `realtime`. */
  EARSHOT_REALTIME_LIMIT_PER_MINUTE: z.coerce.number().int().min(1).default(3),
};

export interface OpenedProviders {
  readonly providers: readonly Provider[];
  close(): Promise<void>;
}

/** The providers that the settings name. Throws a sentence for a list that cannot be used. */
export async function openProviders(
  settings: { readonly file: string | undefined; readonly stub: boolean },
  options: ProviderOptions = {},
): Promise<OpenedProviders> {
  const listed = settings.file === undefined ? [] : await readProviderFile(settings.file);
  const stub = settings.stub ? await startStubProvider() : undefined;
  const all = [...listed, ...(stub === undefined ? [] : [{ ...stub.entry, default: listed.length === 0 }])];
  return {
    providers: all.map((entry) => createProvider(entry, options)),
    close: async () => stub?.close(),
  };
}
