import { describe, expect, it } from '@jest/globals';
import { HEADER_AREA_BYTES, makeHeader, readHeader } from '../format/file-header.ts';
import { RECORD, RECORD_HEAD_BYTES, readRecord, writeRecord } from '../format/record.ts';
import type { Recovery } from '../journal.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import { openTestJournal, pcm, RATE, session, speak } from '../testing/test-journal.ts';
import { scan } from './scan.ts';

/** Frames of 160 samples of two sessions in turn, over one file or more; everything durable, then killed. */
async function written(settings: { fileBytes?: number; frames?: number } = {}): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { journal } = await openTestJournal(disk, { settings: { fileBytes: settings.fileBytes ?? 1e6 } });
  const streams = [1, 2].map((number) => {
    const stream = journal.stream(session(number));
    stream.begin(1, { number });
    return stream;
  });
  for (let i = 0; i < (settings.frames ?? 10); i += 1) {
    for (const [index, stream] of streams.entries()) speak(stream, index + 1, 160);
    await journal.whenDurable();
  }
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const left = disk.snapshot();
  await journal.close();
  return left;
}

function recordsOf(bytes: Buffer) {
  const header = readHeader(bytes);
  if (header === undefined || 'version' in header) throw new Error('No header.');
  return { header, ...scan(bytes, header) };
}

function flipped(disk: MemoryDisk, name: string, bit: number): MemoryDisk {
  const copy = disk.snapshot();
  const bytes = copy.bytesOf(name);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  copy.set(name, bytes);
  return copy;
}

/** The same file under another sequence, linked to the one before. */
function readdressed(bytes: Buffer, sequence: number): Buffer {
  const header = readHeader(bytes);
  if (header === undefined || 'version' in header) throw new Error('No header.');
  const { area } = makeHeader({
    ...header,
    sequence,
    previous: { ...header.previous, sequence: sequence - 1 },
  });
  return Buffer.concat([area, bytes.subarray(HEADER_AREA_BYTES)]);
}

function zeroed(bytes: Buffer, page: number): Buffer {
  return bytes.fill(0, page * 4096, Math.min((page + 1) * 4096, bytes.length));
}

/** Everything held is either right or a gap that is told, and both sessions are there. */
async function expectHonest(disk: MemoryDisk, frames = 10): Promise<{ recovery: Recovery; missing: number }> {
  const { journal, recovery } = await openTestJournal(disk, { seed: 500 });
  let missing = 0;
  expect(recovery.streams).toHaveLength(2);
  for (const { stream, damaged, endInDoubt, meta } of recovery.streams) {
    const seed = Number(meta['number']);
    expect(stream.ref).toEqual(session(seed));
    const end = stream.end('main');
    expect(endInDoubt || end === frames * 160).toBe(true);
    missing += frames * 160 - end;
    const expected = Buffer.from(pcm(seed, 0, end));
    for (const { from, to } of damaged) {
      expected.fill(0, from * 2, to * 2);
      missing += to - from;
    }
    expect(stream.gaps().map(({ from, to, reason }) => ({ from, to, reason }))).toEqual(
      damaged.map(({ from, to }) => ({ from, to, reason: 'corrupt' })),
    );
    expect(Buffer.from(await stream.read('main', 0, end)).equals(expected)).toBe(true);
  }
  await journal.close();
  return { recovery, missing };
}

describe('a flipped bit', () => {
  it('below the floor costs at most the frame it hits, wherever it is', async () => {
    const disk = await written();
    const name = disk.names()[0] ?? '';
    const { records } = recordsOf(disk.bytesOf(name));
    const ends = records.map(({ at, length }) => at + RECORD_HEAD_BYTES + length);
    const floor = Math.max(...records.map((record) => record.floor));
    for (let bit = 0; bit < floor * 8; bit += 397) {
      const { recovery, missing } = await expectHonest(flipped(disk, name, bit));
      const at = bit >> 3;
      const hit = records[ends.findIndex((end) => end > at)];
      const inRecords = at >= HEADER_AREA_BYTES;
      expect(recovery.damage).toHaveLength(inRecords ? 1 : 0);
      expect(missing).toBe(inRecords && hit?.type === RECORD.audio ? 160 : 0);
    }
  }, 60_000);

  it('at each bit of one audio record costs that frame, tells where, and nothing else', async () => {
    const disk = await written();
    const name = disk.names()[0] ?? '';
    const { records } = recordsOf(disk.bytesOf(name));
    const frame = records.filter(({ type }) => type === RECORD.audio)[9];
    if (frame === undefined) throw new Error('No such record.');
    const end = frame.at + RECORD_HEAD_BYTES + frame.length;
    for (let bit = frame.at * 8; bit < end * 8; bit += 1) {
      const { recovery, missing } = await expectHonest(flipped(disk, name, bit));
      expect(missing).toBe(160);
      const [damage] = recovery.damage;
      const inHead = bit >> 3 < frame.at + RECORD_HEAD_BYTES;
      expect(damage).toEqual({ file: name, from: inHead ? frame.at : frame.at + RECORD_HEAD_BYTES, to: end });
    }
  }, 120_000);

  it('in the last acknowledged record leaves the end of that stream in doubt', async () => {
    const disk = await written();
    const name = disk.names()[0] ?? '';
    const { records } = recordsOf(disk.bytesOf(name));
    const last = records.findLast(({ type }) => type === RECORD.audio);
    const { recovery } = await expectHonest(flipped(disk, name, ((last?.at ?? 0) + 20) * 8));
    expect(recovery.streams.map(({ endInDoubt }) => endInDoubt)).toEqual([true, true]);
    expect(recovery.streams.map(({ stream }) => stream.end('main'))).toEqual([1600, 1440]);
  });

  it('anywhere in an older file loses one frame at most', async () => {
    const disk = await written({ fileBytes: 12_000, frames: 20 });
    expect(disk.names().length).toBeGreaterThan(2);
    const name = disk.names()[0] ?? '';
    const bits = disk.bytesOf(name).length * 8;
    for (let bit = HEADER_AREA_BYTES * 8; bit < bits; bit += 97) {
      const { recovery, missing } = await expectHonest(flipped(disk, name, bit), 20);
      expect(recovery.damage).toHaveLength(1);
      expect(missing).toBeLessThanOrEqual(160);
    }
  }, 60_000);
});

describe('records that change state', () => {
  it('survive any flipped bit, also as the last of their kind', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk);
    const stream = journal.stream(session(1));
    const other = journal.stream(session(2));
    stream.begin(1, { number: 1 });
    other.begin(1, {});
    speak(stream, 1, 160);
    stream.begin(2, { number: 2 });
    stream.skip({ epoch: 2, track: 'main', sampleRate: RATE, from: 160, to: 200, reason: 'dropped' });
    stream.release('main', 50);
    stream.describe({ number: 3 });
    other.close();
    await journal.whenDurable();
    await journal.close();
    const name = disk.names()[0] ?? '';
    const { records } = recordsOf(disk.bytesOf(name));
    for (const { at, length, type } of records) {
      if (type === RECORD.audio || type === RECORD.marker) continue;
      for (const byte of [
        0,
        9,
        12,
        24,
        47,
        51,
        ...(length > 0 ? [RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + length - 1] : []),
      ]) {
        const { journal: next, recovery } = await openTestJournal(flipped(disk, name, (at + byte) * 8 + 2), {
          seed: 60,
        });
        expect(recovery.streams).toHaveLength(1);
        const [found] = recovery.streams;
        expect(found).toMatchObject({ meta: { number: 3 }, damaged: [], stream: { epoch: 2 } });
        expect(found?.stream.ranges()).toEqual([{ track: 'main', sampleRate: RATE, from: 50, to: 200 }]);
        expect(found?.stream.gaps()).toEqual([{ track: 'main', from: 160, to: 200, reason: 'dropped' }]);
        await next.close();
      }
    }
  });

  it('keep a replaced stream closed even when its close is lost', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk);
    const first = journal.stream(session(1));
    first.begin(1, { number: 1 });
    speak(first, 1, 160);
    first.close();
    const second = journal.stream(session(1));
    second.begin(2, { number: 2 });
    speak(second, 2, 100);
    await journal.whenDurable();
    await journal.close();
    const name = disk.names()[0] ?? '';
    let copy = disk;
    for (const { at, type } of recordsOf(disk.bytesOf(name)).records) {
      if (type === RECORD.close) copy = flipped(copy, name, at * 8);
    }
    const { journal: next, recovery } = await openTestJournal(copy, { seed: 60 });
    expect(recovery.streams.map(({ stream, meta }) => [stream.end('main'), meta])).toEqual([
      [100, { number: 2 }],
    ]);
    expect(next.stream(session(1))).toBe(recovery.streams[0]?.stream);
    await next.close();
  });

  it('of an older epoch behind a newer one change nothing', async () => {
    const disk = await written();
    const name = disk.names()[0] ?? '';
    const bytes = disk.bytesOf(name);
    const { records, header } = recordsOf(bytes);
    const last = records.at(-1);
    const audio = records.findLast(({ type, stream }) => type === RECORD.audio && stream === 1);
    if (audio === undefined || last === undefined) throw new Error('No such record.');
    const stale = Buffer.alloc(RECORD_HEAD_BYTES + 20);
    const record = { ...audio, epoch: 0, first: audio.first + audio.count, count: 10, chain: last.headCheck };
    writeRecord({ bytes: stale, at: 0, secret: header.secret }, record, pcm(9, 0, 10));
    disk.set(name, Buffer.concat([bytes, stale]));
    const { missing, recovery } = await expectHonest(disk);
    expect({ missing, torn: recovery.tornBytes, damage: recovery.damage }).toEqual({
      missing: 0,
      torn: 0,
      damage: [],
    });
  });

  it('are missed when a record is taken out of an older file', async () => {
    const disk = await written({ fileBytes: 12_000, frames: 20 });
    const name = disk.names()[0] ?? '';
    const bytes = disk.bytesOf(name);
    const { records } = recordsOf(bytes);
    const frame = records.filter(({ type }) => type === RECORD.audio)[3];
    if (frame === undefined) throw new Error('No such record.');
    const end = frame.at + RECORD_HEAD_BYTES + frame.length;
    disk.set(
      name,
      Buffer.concat([bytes.subarray(0, frame.at), bytes.subarray(end), bytes.subarray(frame.at, end)]),
    );
    const { missing, recovery } = await expectHonest(disk, 20);
    expect(missing).toBe(0);
    expect(recovery.damage).toContainEqual({ file: name, from: frame.at, to: frame.at });
  });
});

describe('a torn tail', () => {
  it('is cut off at the last good record, whatever byte the file ends at', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk);
    const stream = journal.stream(session(1));
    stream.begin(1, { number: 1 });
    for (let i = 0; i < 5; i += 1) speak(stream, 1, 40);
    await journal.whenDurable();
    const name = disk.names()[0] ?? '';
    const whole = disk.bytesOf(name);
    await journal.close();
    const frames = recordsOf(whole).records.filter(({ type }) => type === RECORD.audio);
    for (let end = frames[2]?.at ?? 0; end <= whole.length; end += 1) {
      const kept = frames.filter(({ at, length }) => at + RECORD_HEAD_BYTES + length <= end).length;
      for (const junk of [0, 100]) {
        const left = new MemoryDisk();
        left.set(name, Buffer.concat([whole.subarray(0, end), Buffer.from(pcm(3, end, junk / 2))]));
        const { journal: next, recovery } = await openTestJournal(left, { seed: 70 });
        expect(recovery.damage).toEqual([]);
        const found = recovery.streams[0];
        expect(found?.stream.end('main')).toBe(kept * 40);
        expect(found?.endInDoubt).toBe(false);
        expect(
          Buffer.from((await found?.stream.read('main', 0, kept * 40)) ?? []).equals(pcm(1, 0, kept * 40)),
        ).toBe(true);
        if (junk > 0) expect(recovery.tornBytes).toBeGreaterThanOrEqual(junk);
        await next.close();
      }
    }
  }, 60_000);
});

describe('audio that looks like records', () => {
  it('is never taken for one, even when damage lies in front of it', async () => {
    const donor = await written();
    const forged = donor.bytesOf(donor.names()[0] ?? '').subarray(HEADER_AREA_BYTES);
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { seed: 33 });
    const stream = journal.stream(session(7));
    stream.begin(1, {});
    speak(stream, 7, 160);
    const from = stream.end('main');
    stream.append(
      { epoch: 1, track: 'main', sampleRate: RATE, from },
      forged.subarray(0, forged.length & ~1),
    );
    speak(stream, 7, 160);
    await journal.close();
    const name = disk.names()[0] ?? '';
    const { records, header } = recordsOf(disk.bytesOf(name));
    const carrier = records.find(({ length, type }) => type === RECORD.audio && length > 1000);
    expect(
      readRecord(disk.bytesOf(name), (carrier?.at ?? 0) + RECORD_HEAD_BYTES, header.secret),
    ).toBeUndefined();
    const { recovery, journal: next } = await openTestJournal(
      flipped(disk, name, (carrier?.at ?? 0) * 8 + 50),
      { seed: 44 },
    );
    expect(recovery.streams.map(({ stream: { ref } }) => ref)).toEqual([session(7)]);
    expect(recovery.streams[0]?.damaged).toEqual([
      { track: 'main', sampleRate: RATE, from, to: from + (forged.length >> 1) },
    ]);
    await next.close();
  });
});

describe('files that are not what their name says', () => {
  it('refuses a copy of another file and uses everything else', async () => {
    const disk = await written({ fileBytes: 12_000, frames: 20 });
    const [first = '', , third = ''] = disk.names();
    const copy = disk.snapshot();
    copy.set('0000000000000099.journal', disk.bytesOf(first));
    const { recovery, missing } = await expectHonest(copy, 20);
    expect(missing).toBe(0);
    expect(recovery.damage.map(({ file }) => file)).toEqual(['0000000000000099.journal']);
    const swapped = disk.snapshot();
    swapped.set(first, disk.bytesOf(third));
    swapped.set(third, disk.bytesOf(first));
    const { recovery: other } = await expectHonest(swapped, 20);
    expect(other.damage.map(({ file }) => file)).toEqual(expect.arrayContaining([first, third]));
  });

  it('refuses a file of the same name from another journal', async () => {
    const disk = await written({ fileBytes: 12_000, frames: 20 });
    const foreign = new MemoryDisk();
    const { journal } = await openTestJournal(foreign, { seed: 77, settings: { fileBytes: 12_000 } });
    const stream = journal.stream(session(66));
    stream.begin(1, {});
    for (let i = 0; i < 40; i += 1) speak(stream, 66, 160);
    await journal.close();
    const [, second = ''] = disk.names();
    disk.set(second, foreign.bytesOf(foreign.names()[0] ?? ''));
    const { recovery, missing } = await expectHonest(disk, 20);
    expect(missing).toBeGreaterThan(0);
    expect(recovery.damage.some(({ file }) => file === second)).toBe(true);
  });

  it('refuses a newest file from another journal when the older ones confirm each other', async () => {
    const disk = await written({ fileBytes: 12_000, frames: 20 });
    const foreign = await written({ fileBytes: 1e6, frames: 4 });
    const { journal } = await openTestJournal(foreign, { seed: 4321 });
    await journal.close();
    const newest = disk.names().at(-1) ?? '';
    const bytes = foreign.bytesOf(foreign.names().at(-1) ?? '');
    disk.set(newest, readdressed(bytes, Number(newest.slice(0, 16))));
    const { journal: next, recovery } = await openTestJournal(disk, { seed: 5 });
    expect(recovery.damage).toEqual([{ file: newest, from: 0, to: bytes.length }]);
    expect(recovery.streams.map(({ stream, endInDoubt }) => [stream.ref, endInDoubt])).toEqual([
      [session(1), true],
      [session(2), true],
    ]);
    await next.close();
  });

  it('names a missing file and the holes that it leaves', async () => {
    const disk = await written({ fileBytes: 12_000, frames: 20 });
    const [, second = ''] = disk.names();
    disk.files.delete(second);
    const { missing, recovery } = await expectHonest(disk, 20);
    expect(missing).toBeGreaterThan(160);
    expect(recovery.damage).toEqual([{ file: second, from: 0, to: 0 }]);
  });

  it('lets nothing come back with a file that was removed and is there again', async () => {
    const disk = new MemoryDisk();
    const { journal } = await openTestJournal(disk, { settings: { fileBytes: 12_000 } });
    const stream = journal.stream(session(1));
    stream.begin(1, {});
    for (let i = 0; i < 40; i += 1) speak(stream, 1, 160);
    await journal.whenDurable();
    const backup = disk.snapshot();
    stream.close();
    journal.stream(session(2)).begin(1, {});
    await journal.whenDurable();
    await journal.close();
    const { journal: second } = await openTestJournal(disk, { seed: 20 });
    await second.close();
    const gone = backup.names().filter((name) => !disk.files.has(name));
    expect(gone.length).toBeGreaterThan(0);
    for (const name of gone) disk.set(name, backup.bytesOf(name));
    const { journal: third, recovery } = await openTestJournal(disk, { seed: 30 });
    expect(recovery.streams.map(({ stream: { ref } }) => ref)).toEqual([session(2)]);
    expect(recovery.damage).toEqual([]);
    expect(gone.filter((name) => disk.files.has(name))).toEqual([]);
    await third.close();
  });

  it('survives a zeroed page anywhere', async () => {
    const disk = await written({ fileBytes: 40_000, frames: 40 });
    for (const name of disk.names().slice(0, -1)) {
      for (let page = 0; page * 4096 < disk.bytesOf(name).length; page += 1) {
        const copy = disk.snapshot();
        copy.set(name, zeroed(disk.bytesOf(name), page));
        const { missing } = await expectHonest(copy, 40);
        expect(missing).toBeLessThanOrEqual(16 * 160);
      }
    }
  });
});
