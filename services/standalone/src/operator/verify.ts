import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EarshotError, SESSION_ID, type SessionRef, TENANT_ID } from '@earshot/protocol';
import { type Verdict, type VerificationParts, verifySession } from '@earshot/sessions';
import {
  createCallArchive,
  createSessionArchive,
  keys,
  ObjectNotFound,
  type ObjectStore,
  openObjectStore,
} from '@earshot/storage';
import type { StandaloneConfig } from '../config.ts';
import type { Output } from './keys.ts';

export const VERIFY_USAGE = `Usage: earshot verify SESSION [--tenant TENANT]
       earshot verify --all [--tenant TENANT]`;

/** Findings of one session that are printed; the rest is counted. */
const SHOWN = 12;

/**
 * Recomputes one session, or all of one tenant or of every one, from the object store alone. Prints one line a
 * session; resolves to the exit code, 0 only when nothing is wrong.
 */
export async function verify(
  config: Pick<StandaloneConfig, 'objectStore'>,
  args: readonly string[],
  output: Output,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { tenant: { type: 'string' }, all: { type: 'boolean', default: false } },
  });
  const { tenant = 'default', all } = values;
  const [sessionId, ...rest] = positionals;
  if (rest.length > 0 || all === (sessionId !== undefined) || !TENANT_ID.test(tenant)) {
    output.complain(VERIFY_USAGE);
    return 1;
  }
  const store = openObjectStore(config.objectStore);
  try {
    const parts = partsOf(store);
    if (sessionId === undefined) return await verifyAll(parts, store, { tenant: values.tenant, output });
    const verdict = SESSION_ID.test(sessionId)
      ? await verifySession(parts, { tenant, sessionId })
      : ({ state: 'wrong', findings: ['no such session'] } as const);
    output.print(verdictLine({ tenant, sessionId }, verdict));
    return verdict.state === 'ok' ? 0 : 1;
  } finally {
    await store.close();
  }
}

async function verifyAll(
  parts: VerificationParts,
  store: ObjectStore,
  { tenant, output }: { readonly tenant: string | undefined; readonly output: Output },
): Promise<number> {
  const archive = createSessionArchive(store);
  const counts = { ok: 0, wrong: 0, open: 0 };
  for (const name of tenant === undefined ? await archive.listTenants() : [tenant]) {
    for await (const sessionId of archive.listSessions(name)) {
      const ref = { tenant: name, sessionId };
      const verdict = await verifySession(parts, ref);
      counts[verdict.state] += 1;
      output.print(verdictLine(ref, verdict));
    }
  }
  output.print(`${counts.ok} ok, ${counts.wrong} wrong, ${counts.open} not ended`);
  return counts.wrong === 0 ? 0 : 1;
}

/** Prints as `ok    default/ses_…  main 12.500 s, 2 segments, no gaps, digests equal, transcript completed`. */
function verdictLine({ tenant, sessionId }: SessionRef, { state, findings }: Verdict): string {
  const more = findings.length > SHOWN ? [`and ${findings.length - SHOWN} more`] : [];
  const text = [...findings.slice(0, SHOWN), ...more].join(state === 'wrong' ? '; ' : ', ');
  return `${state.padEnd(5)} ${tenant}/${sessionId}  ${text}`;
}

function partsOf(store: ObjectStore): VerificationParts {
  return {
    truth: createSessionArchive(store),
    recordings: createCallArchive(store),
    readObject: (key) => store.get(key).catch(nullWhenMissing),
    hashObject: (key) => hashObject(store, key).catch(nullWhenMissing),
    async *listKeys(ref) {
      for await (const { key } of store.listAll(keys.sessionRoot(ref))) yield key;
    },
  };
}

async function hashObject(store: ObjectStore, key: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of await store.read(key)) {
    if (!(chunk instanceof Uint8Array)) throw new EarshotError('internal_error', { details: { key } });
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof ObjectNotFound) return null;
  throw error;
}
