import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { idFrom, LIMITS, type LineRecord } from '@earshot/protocol';
import {
  createAuthenticator,
  createGuardedFetch,
  createHttpServer,
  createKeyring,
  createLog,
  createRateLimiter,
  type HttpServer,
  type Keyring,
} from '@earshot/runtime';
import {
  type CallArchive,
  createCallArchive,
  createFolderStore,
  createSessionArchive,
} from '@earshot/storage';
import type { RouteOptions } from 'fastify';
import { registerAssets } from '../../assets/assets.ts';
import { createClips } from '../../assets/clips.ts';
import { createSpoolFolder } from '../../assets/spool-folder.ts';
import { createWorkSlots } from '../../assets/work-slots.ts';
import type { MintMediaToken } from '../pilot/deps.ts';
import { registerPilotFace } from '../pilot/pilot.ts';
import { registerWadialFace } from '../wadial/wadial.ts';
import { createAsker } from './asker.ts';
import { MemoryCalls } from './memory-calls.ts';

const wide = { limit: 1_000_000, windowSeconds: 60 };

/** A line with its key, as if it had been there before. */
async function addLine(archive: CallArchive, keyring: Keyring, names: Pick<LineRecord, 'tenant' | 'lineId'>) {
  const record: LineRecord = {
    v: 1,
    ...names,
    name: `the line ${names.lineId}`,
    number: '+4930123456',
    carrier: 'loopback',
    record: true,
    transcribe: false,
    autoAnswer: false,
    model: 'lite',
    language: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  await archive.createLine(record);
  const made = await keyring.create({ ...names, name: names.lineId });
  return { record, key: made.key, keyId: made.record.keyId };
}

function createServer(keyring: Keyring): Promise<HttpServer> {
  return createHttpServer({
    log: createLog({ service: 'test', level: 'silent' }),
    authenticator: createAuthenticator({ keyring }),
    limiter: createRateLimiter({
      redis: null,
      groups: { default: wide, create: wide, failure: wide, address: wide },
    }),
    api: { title: 'calls', version: '0', description: 'test' },
  });
}

async function createParts(path: string) {
  const store = createFolderStore(join(path, 'store'));
  const archive = createCallArchive(store);
  const keyring = createKeyring({ store: createSessionArchive(store) });
  const add = (tenant: string, lineId: string) => addLine(archive, keyring, { tenant, lineId });
  return {
    store,
    archive,
    keyring,
    calls: new MemoryCalls(),
    spool: createSpoolFolder(join(path, 'spool')),
    slots: createWorkSlots({ running: LIMITS.maxAssetWork, waiting: LIMITS.maxAssetWorkWaiting }),
    newId: (prefix: 'lin' | 'ast') => idFrom(prefix, randomBytes(64)),
    now: () => new Date(),
    desk: await add('clinic', 'lin_desk'),
    lab: await add('clinic', 'lin_lab'),
    foreign: await add('rival', 'lin_rival'),
    /** A key of the whole tenant. */
    tenant: (await keyring.create({ tenant: 'clinic', name: 'whole' })).key,
  };
}

/** Both faces and the assets over a real server, a real folder store and calls in memory; the folder goes with it. */
export async function startFaces(folder: { readonly path: string; remove(): Promise<void> }) {
  const parts = await createParts(folder.path);
  const stopped = new AbortController();
  const failures: unknown[] = [];
  const routes: RouteOptions[] = [];
  const minted: { callId: string; mode: string; headers: object }[] = [];
  const mintMediaToken: MintMediaToken = (callId, mode, headers) => {
    minted.push({ callId, mode, headers });
    return Promise.resolve({ wsUrl: 'ws://x/y?token=t', token: 't', expiresInSeconds: 120 });
  };
  const { signal } = stopped;
  const fetch = createGuardedFetch({ allowPrivate: true });
  const clips = createClips({ ...parts, fetch, signal, onFailure: (error) => failures.push(error) });
  const server = await createServer(parts.keyring);
  server.addHook('onRoute', (route) => void routes.push(route));
  registerPilotFace(server, { ...parts, clips, carriers: ['loopback', 'twilio'], mintMediaToken });
  registerWadialFace(server, { ...parts, clips });
  await registerAssets(server, { ...parts, signal });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const ask = createAsker(port);
  return {
    ...parts,
    ask,
    post: (path: string, key: string, body?: unknown) => ask(path, { method: 'POST', key, body }),
    port,
    routes,
    clips,
    minted,
    failures,
    spoolPath: join(folder.path, 'spool'),
    stop: async () => {
      stopped.abort();
      await server.close();
      await folder.remove();
    },
  };
}

export type FaceBench = Awaited<ReturnType<typeof startFaces>>;
