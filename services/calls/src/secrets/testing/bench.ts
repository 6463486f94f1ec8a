import { randomBytes } from 'node:crypto';
import { idFrom } from '@earshot/protocol';
import { createLog, type Principal } from '@earshot/runtime';
import { createSecretBroker, type SecretBroker } from '../broker.ts';
import { createProvider, type ProviderOptions } from '../provider/provider.ts';
import { ProviderEntry } from '../provider/provider-file.ts';
import { AUTHORITY } from './sink.ts';

export const PRINCIPAL: Principal = {
  tenant: 'clinic',
  keyId: 'key_1',
  subject: 'key_1',
  line: null,
  test: false,
};

/** Every name lies at 127.0.0.1, which counts as public here; names that were asked for are kept. */
export function localEgress(asked: string[] = []) {
  return {
    ca: AUTHORITY,
    allowNetworks: ['127.0.0.1/32'],
    resolver: (name: string) => {
      asked.push(name);
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    },
  };
}

export function entryOf(more: object): ProviderEntry {
  return ProviderEntry.parse({
    name: 'main',
    origin: 'https://hook.example',
    apiKey: 'planted-key-of-the-operator',
    models: ['m'],
    voices: ['v'],
    ...more,
  });
}

/** A broker over given providers, with its log lines and audit entries kept. */
export interface Bench {
  readonly broker: SecretBroker;
  readonly lines: string[];
  readonly audit: Map<string, string>;
}

export function createBench(entries: readonly ProviderEntry[], options: ProviderOptions = {}): Bench {
  const lines: string[] = [];
  const audit = new Map<string, string>();
  const broker = createSecretBroker({
    providers: entries.map((entry) => createProvider(entry, options)),
    store: {
      put: (key, body) => {
        if (audit.has(key)) return Promise.resolve('exists');
        audit.set(key, Buffer.from(body).toString());
        return Promise.resolve('created');
      },
    },
    log: createLog({ service: 'test', level: 'trace', destination: { write: (line) => lines.push(line) } }),
    newId: (prefix) => idFrom(prefix, randomBytes(64)),
    now: () => new Date(),
  });
  return { broker, lines, audit };
}
