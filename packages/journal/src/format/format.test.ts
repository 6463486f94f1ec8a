import { readFileSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JournalVersionRefused } from '../errors.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, RATE, session } from '../testing/test-journal.ts';
import { spanCheck } from './checksum.ts';
import { FORMAT_VERSION, makeHeader, readHeader } from './file-header.ts';
import { decodeLedger, encodeLedger } from './ledger.ts';
import { emptyRecord, RECORD_HEAD_BYTES, readPayload, readRecord, writeRecord } from './record.ts';
import { decodeStream, encodeStream } from './stream-json.ts';

const SECRET = { magic: 0xdead_beef, seed: 77 };
const HEADER = {
  sequence: 12,
  secret: SECRET,
  firstStream: 5,
  previous: { sequence: 11, identity: 99, bytes: 2 ** 40, lastCheck: 3 },
};
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const byte = fc.integer({ min: 0, max: 255 });

/** Files written by the first version of the format: every later build reads them or refuses them by name. */
function goldenDisk(): MemoryDisk {
  const golden: unknown = JSON.parse(
    readFileSync(new URL('../../fixtures/golden/format-1.json', import.meta.url), 'utf8'),
  );
  const disk = new MemoryDisk();
  for (const [name, packed] of Object.entries(golden as Record<string, string>)) {
    disk.set(name, gunzipSync(Buffer.from(packed, 'base64')));
  }
  return disk;
}

describe('the format on disk', () => {
  it('reads what its first version wrote', async () => {
    const { journal, recovery } = await openTestJournal(goldenDisk());
    expect(recovery).toMatchObject({ damage: [], tornBytes: 0 });
    const [one, two, ...others] = recovery.streams;
    expect(others).toEqual([]);
    expect(one).toMatchObject({ meta: { note: 'changed' }, damaged: [], endInDoubt: false });
    expect(one?.stream.ref).toEqual(session(1));
    expect(one?.stream.epoch).toBe(7);
    expect(one?.stream.ranges()).toEqual([{ track: 'main', sampleRate: RATE, from: 30, to: 120 }]);
    expect(one?.stream.gaps()).toEqual([{ track: 'main', from: 60, to: 80, reason: 'dropped' }]);
    const expected = Buffer.from(pcm(1, 30, 90)).fill(0, 60, 100);
    expect(Buffer.from((await one?.stream.read('main', 30, 120)) ?? []).equals(expected)).toBe(true);
    expect(two?.stream.ref).toEqual(session(2));
    expect(Buffer.from((await two?.stream.read('inbound', 500, 540)) ?? []).equals(pcm(2, 500, 40))).toBe(
      true,
    );
    await journal.close();
  });

  it('refuses a newer version by name and touches nothing', async () => {
    const disk = goldenDisk();
    const [name = ''] = disk.names();
    const bytes = disk.bytesOf(name);
    for (const at of [8, 4096 + 8]) bytes.writeUInt32LE(FORMAT_VERSION + 1, at);
    disk.set(name, bytes);
    const before = disk.names().map((file) => disk.bytesOf(file).toString('hex'));
    await expect(openTestJournal(disk)).rejects.toThrow(JournalVersionRefused);
    await expect(openTestJournal(disk)).rejects.toThrow(/version 2; this build reads version 1/);
    expect(disk.names().map((file) => disk.bytesOf(file).toString('hex'))).toEqual(before);
  });
});

describe('a file header', () => {
  it('comes back from either copy, and is not read when both are hit', () => {
    const { header, area } = makeHeader(HEADER);
    expect(readHeader(area)).toEqual(header);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 * 8 - 1 }), fc.boolean(), (bit, second) => {
        const copy = Buffer.from(area);
        const at = (bit >> 3) + (second ? 4096 : 0);
        copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
        expect(readHeader(copy)).toEqual(header);
      }),
    );
    const both = Buffer.from(area).fill(0, 20, 24).fill(0, 4116, 4120);
    expect(readHeader(both)).toBeUndefined();
    expect(readHeader(area.subarray(0, 59))).toBeUndefined();
  });
});

describe('a record', () => {
  const fields = fc.record({
    type: byte,
    track: byte,
    flags: fc.integer({ min: 0, max: 65_535 }),
    stream: u32,
    epoch: u32,
    sampleRate: u32,
    first: u48,
    count: u48,
    chain: u32,
    floor: u32,
  });

  it('comes back as it was written, and not at all with another secret', () => {
    fc.assert(
      fc.property(
        fields,
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 0, max: 50 }),
        (head, payload, at) => {
          const bytes = Buffer.alloc(at + RECORD_HEAD_BYTES + payload.length);
          const headCheck = writeRecord(
            { bytes, at, secret: SECRET },
            { ...emptyRecord(), ...head },
            payload,
          );
          const record = readRecord(bytes, at, SECRET);
          expect(record).toMatchObject({ ...head, at, headCheck, length: payload.length });
          expect(record && readPayload(bytes, record, SECRET)).toEqual(Buffer.from(payload));
          expect(readRecord(bytes, at, { ...SECRET, seed: 78 })).toBeUndefined();
          expect(record && readPayload(bytes.subarray(0, -1), record, SECRET)).toBeUndefined();
        },
      ),
    );
  });

  it('is never read out of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 52, maxLength: 200 }), (bytes) => {
        const copy = Buffer.from(bytes);
        copy.writeUInt32LE(SECRET.magic);
        expect(readRecord(copy, 0, SECRET)).toBeUndefined();
      }),
    );
  });

  it('has the checksum of zlib', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), u32, (bytes, seed) => {
        expect(spanCheck(bytes, { at: 0, length: bytes.length }, seed)).toBe(crc32(bytes, seed));
      }),
    );
  });
});

describe('JSON in records', () => {
  it('comes back, and anything else is refused without an error', () => {
    const told = {
      ref: session(1),
      meta: { any: ['thing'] },
      closed: true,
      erased: false,
      tracks: [{ code: 1, sampleRate: 8000, start: 5, end: 2 ** 40 }],
    };
    expect(decodeStream(encodeStream(told))).toEqual(told);
    const ledger = new Map([
      [1, 5],
      [7, 0xffff_ffff],
    ]);
    expect(decodeLedger(encodeLedger(ledger))).toEqual(ledger);
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const payload = Buffer.from(text);
        expect(() => [decodeStream(payload), decodeLedger(payload)]).not.toThrow();
      }),
    );
    for (const wrong of ['[[1]]', '[["1",2]]', '{"1":2}', '5']) {
      expect(decodeLedger(Buffer.from(wrong))).toBeUndefined();
    }
    for (const tracks of [[[0, 0, 0, 0]], [[0, 8000, 5, 4]], [[0, 8000]], 7]) {
      const json = JSON.stringify({ tenant: 'a', sessionId: 'b', meta: {}, tracks });
      expect(decodeStream(Buffer.from(json))).toBeUndefined();
    }
  });
});
