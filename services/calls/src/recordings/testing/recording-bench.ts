import { createHash, randomBytes } from 'node:crypto';
import { encodeWav } from '@earshot/audio';
import { type CallRecord, type LineRecord, RECORDING_KINDS, type RecordingSidecar } from '@earshot/protocol';
import {
  createAuthenticator,
  createHttpServer,
  createKeyring,
  createLinkSigner,
  createLog,
  type Keyring,
} from '@earshot/runtime';
import {
  type CallArchive,
  callKeys,
  createCallArchive,
  createFolderStore,
  createSessionArchive,
  type ObjectStore,
} from '@earshot/storage';
import { createAsker } from '../../faces/testing/asker.ts';
import { MemoryCalls } from '../../faces/testing/memory-calls.ts';
import type { Announce, CallView } from '../../ports.ts';
import { registerRecordings } from '../recordings.ts';

const SAMPLES = 8000;
const DAY_MS = 86_400_000;

interface Shelves {
  readonly store: ObjectStore;
  readonly archive: CallArchive;
  readonly calls: MemoryCalls;
}

async function addLine(
  { archive }: Shelves,
  keyring: Keyring,
  names: { readonly tenant: string; readonly lineId: string },
) {
  const record: LineRecord = {
    v: 1,
    ...names,
    name: names.lineId,
    number: null,
    carrier: 'loopback',
    record: true,
    transcribe: false,
    autoAnswer: false,
    model: 'lite',
    language: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  await archive.createLine(record);
  return { record, key: (await keyring.create({ ...names, name: names.lineId })).key };
}

/** A call that ended, as it is on record. */
async function addCall({ archive, calls }: Shelves, line: LineRecord): Promise<CallView> {
  const placed = await calls.place(line, { to: '+15550100', callbackData: null });
  const call = calls.change(placed.callId, {
    state: 'ended',
    record: true,
    sessionId: `ses_${placed.callId.slice('call_'.length)}`,
  });
  const record: CallRecord = {
    v: 1,
    callId: call.callId,
    tenant: call.tenant,
    lineId: call.lineId,
    carrier: call.carrier,
    direction: call.direction,
    peer: call.peer,
    externalCallId: call.externalCallId,
    sessionId: call.sessionId,
    record: true,
    transcribe: false,
    callbackData: null,
    node: 'a',
    createdBy: 'key_1',
    createdAt: call.createdAt,
  };
  await archive.createCall(record);
  return call;
}

/** The recordings of a call, as the worker leaves them. */
async function addRecordings(
  { store, archive }: Shelves,
  call: CallView,
  expiresAt: string | null,
): Promise<RecordingSidecar> {
  const ref = { tenant: call.tenant, sessionId: call.sessionId ?? '' };
  const files: RecordingSidecar['files'] = [];
  for (const [seed, kind] of RECORDING_KINDS.entries()) {
    const tone = Int16Array.from({ length: SAMPLES }, (_, n) => ((n * (seed + 3) * 97) % 40_000) - 20_000);
    const wav = encodeWav(tone, 16_000);
    const key = callKeys.recording(ref, kind);
    await store.put(key, wav);
    files.push({
      recordingId: `rec_${call.callId.slice('call_'.length)}_${kind}`,
      kind,
      key,
      contentType: 'audio/wav',
      sizeBytes: wav.length,
      durationMs: 500,
      samples: SAMPLES,
      sha256: createHash('sha256').update(wav).digest('hex'),
    });
  }
  const sidecar: RecordingSidecar = {
    v: 1,
    callId: call.callId,
    lineId: call.lineId,
    sessionId: ref.sessionId,
    sampleRate: 16_000,
    files,
    mix: 'clipped sum of inbound and outbound',
    insertedSilence: null,
    dropped: null,
    driftPpm: null,
    gaps: [],
    createdAt: call.createdAt,
    expiresAt,
  };
  await archive.createSidecar(ref, sidecar);
  return sidecar;
}

/** The routes over a real server and a folder store; calls are in memory, the clock is moved by hand. */
export async function startRecordings(path: string) {
  const store = createFolderStore(path);
  const shelves = { store, archive: createCallArchive(store), calls: new MemoryCalls() };
  const keyring = createKeyring({ store: createSessionArchive(store) });
  const clock = { now: Date.parse('2026-03-01T00:00:00.000Z') };
  const announced: Parameters<Announce>[0][] = [];
  const server = await createHttpServer({
    log: createLog({ service: 'test', level: 'silent' }),
    authenticator: createAuthenticator({ keyring }),
    api: { title: 'calls', version: '0', description: 'test' },
  });
  registerRecordings(server, {
    ...shelves,
    links: createLinkSigner({ secret: randomBytes(32), clock: () => clock.now }),
    announce: (event) => void announced.push(event),
    now: () => new Date(clock.now),
  });
  const { port } = new URL(await server.listen({ host: '127.0.0.1', port: 0 }));
  const addTo = (tenant: string, lineId: string) => addLine(shelves, keyring, { tenant, lineId });
  return {
    ...shelves,
    clock,
    announced,
    ask: createAsker(Number(port)),
    origin: `http://127.0.0.1:${port}`,
    desk: await addTo('clinic', 'lin_desk'),
    lab: await addTo('clinic', 'lin_lab'),
    foreign: await addTo('rival', 'lin_desk'),
    tenant: (await keyring.create({ tenant: 'clinic', name: 'whole' })).key,
    addCall: (line: LineRecord) => addCall(shelves, line),
    addRecordings: (call: CallView, days = 30) =>
      addRecordings(
        shelves,
        call,
        days === 0 ? null : new Date(Date.parse('2026-03-01T00:00:00.000Z') + days * DAY_MS).toISOString(),
      ),
    stop: async () => {
      await server.close();
      await store.close();
    },
  };
}

export type RecordingBench = Awaited<ReturnType<typeof startRecordings>>;
