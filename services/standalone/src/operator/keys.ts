import { parseArgs } from 'node:util';
import { createKeyring, type Keyring } from '@earshot/runtime';
import { createSessionArchive, openObjectStore } from '@earshot/storage';
import type { StandaloneConfig } from '../config.ts';

export const KEYS_USAGE = `Usage: earshot keys create [--name NAME] [--tenant TENANT] [--test]
       earshot keys list
       earshot keys revoke KEY_ID`;

export interface Output {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Runs `keys create|list|revoke` on the object store; resolves to the exit code. */
export async function keys(
  config: StandaloneConfig,
  args: readonly string[],
  output: Output,
): Promise<number> {
  const [action = '', ...rest] = args;
  const store = openObjectStore(config.objectStore);
  try {
    const keyring = createKeyring({ store: createSessionArchive(store) });
    if (action === 'create') return await create(keyring, rest, output);
    if (action === 'list' && rest.length === 0) return await list(keyring, output);
    const [keyId] = rest;
    if (action === 'revoke' && keyId !== undefined) return await revoke(keyring, keyId, output);
    output.complain(KEYS_USAGE);
    return 1;
  } finally {
    await store.close();
  }
}

async function create(keyring: Keyring, args: readonly string[], output: Output): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string', default: 'made by the operator' },
      tenant: { type: 'string', default: 'default' },
      test: { type: 'boolean', default: false },
    },
  });
  const { name, tenant, test } = values;
  const { key, record } = await keyring.create({ name, tenant, mode: test ? 'test' : 'live' });
  output.complain(`${record.keyId} for tenant ${tenant}; the key is shown this once:`);
  output.print(key);
  return 0;
}

async function list(keyring: Keyring, output: Output): Promise<number> {
  for (const record of await keyring.list()) {
    const state = record.revokedAt === null ? 'in force' : `revoked ${record.revokedAt}`;
    const { keyId, tenant, mode, last4, createdAt, name } = record;
    output.print(`${keyId}  ${tenant}  ${mode}  ...${last4}  ${createdAt}  ${state}  ${name}`);
  }
  return 0;
}

async function revoke(keyring: Keyring, keyId: string, output: Output): Promise<number> {
  const record = await keyring.revoke(keyId);
  if (record === null) {
    output.complain(`There is no key ${keyId}.`);
    return 1;
  }
  output.print(`${keyId} is revoked since ${record.revokedAt ?? ''}`);
  return 0;
}
