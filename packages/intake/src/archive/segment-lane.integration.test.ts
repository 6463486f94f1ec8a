import { createHash } from 'node:crypto';
import { encodePcm16le } from '@earshot/audio';
import type { JournalStream } from '@earshot/journal';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { keys } from '@earshot/storage';
import { computedAudio, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createIntakeBench, type IntakeBench, RATE } from '../testing/intake-bench.ts';
import { systemTime } from '../time/system-time.ts';
import { Stop } from '../time/waiting.ts';
import { SegmentLane } from './segment-lane.ts';
import { type PendingSegment, segmentWav } from './segment-object.ts';
import { createStorageSlots } from './storage-slots.ts';

const ref = { tenant: 'clinic', sessionId: 'ses_0000000000000001' };
const track = 'main';

let bench: IntakeBench;
let stop: Stop;
let stored: string[];
let safe: [number, number][];
let shifts: number[];
beforeEach(async () => {
  bench = await createIntakeBench(await temporaryFolder());
  stop = new Stop();
  [stored, safe, shifts] = [[], [], []];
});
afterEach(() => bench.stop());

/** A disk in order. */
const atOnce = (): Promise<void> => Promise.resolve();

/** The stream on a disk that gives what it has when `ready` says so, and refuses what that refuses. */
function behind(stream: JournalStream, ready: () => Promise<void>): JournalStream {
  return new Proxy(stream, {
    get: (of, name) => {
      const member: unknown = Reflect.get(of, name, of);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, of, given);
        return name === 'read' || name === 'readInto' ? ready().then(() => answer) : answer;
      };
    },
  });
}

/** A lane over a durable stream of `samples`, from its first segment on. */
async function laneOver(samples: number, disk = atOnce): Promise<SegmentLane> {
  const { journal, store, sessions } = bench;
  const stream = journal.stream(ref);
  stream.begin(1, {});
  stream.append({ epoch: 1, track, sampleRate: RATE, from: 0 }, pcmOf(0, samples));
  await journal.whenDurable();
  const quiet = (): void => undefined;
  return new SegmentLane(
    {
      ref,
      stream: behind(stream, disk),
      ...{ journal, store, stop, sessions, index: sessions, node: 'node', limits: LIMITS },
      slots: createStorageSlots(1),
      time: systemTime,
      log: { info: quiet, warn: quiet, error: quiet },
    },
    { track, firstIndex: 0, shift: 0 },
    {
      stored: ({ entry, segment }) => {
        if (entry !== undefined) stored.push(entry.key);
        safe.push([segment.firstSample, segment.firstSample + segment.samples]);
      },
      relocated: ({ shift }) => shifts.push(shift),
    },
  );
}

function pcmOf(from: number, to: number): Uint8Array {
  return encodePcm16le(computedAudio(1, from, to - from));
}

function cutOf(firstSample: number, to: number): PendingSegment {
  const samples = to - firstSample;
  return {
    track,
    sampleRate: RATE,
    firstSample,
    samples,
    cut: 'end',
    speechRatio: 0,
    levelDb: -20,
    speech: false,
  };
}

/** A lane that has begun with a segment of a second, and waits for its disk. */
async function lane(disk = atOnce): Promise<SegmentLane> {
  const carrying = await laneOver(RATE, disk);
  carrying.add(cutOf(0, RATE));
  return carrying;
}

/** Carries [0, end of the last cut), cut at each position, past `standing` at the first place. */
async function carryPast(standing: Uint8Array, cuts: readonly number[]): Promise<SegmentLane> {
  const carrying = await laneOver(RATE);
  bench.store.objects.set(keyOf(0, 0), standing);
  let from = 0;
  for (const to of cuts) {
    carrying.add(cutOf(from, to));
    from = to;
  }
  await carrying.settle();
  return carrying;
}

function keyOf(index: number, firstSample: number): string {
  return keys.segment(ref, { track, index, firstSample });
}

/** The samples of all stored objects, in order of their keys. */
function storedAudio(): Buffer {
  const objects = [...bench.store.objects].sort(([a], [b]) => a.localeCompare(b));
  return Buffer.concat(objects.map(([, wav]) => wav.subarray(44)));
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('the archive of a track', () => {
  it('takes no outage of storage for a broken disk: what it refuses for a moment is read again', async () => {
    let puts = 0;
    let refusedMs: number | undefined;
    bench.store.beforePut = (_key, attempt) => {
      puts = attempt;
      if (attempt <= 6) throw new EarshotError('service_unavailable');
    };
    const carrying = await lane(() => {
      if (puts < 6 || performance.now() - (refusedMs ?? Number.POSITIVE_INFINITY) > 500) return atOnce();
      refusedMs ??= performance.now();
      return Promise.reject(Object.assign(new Error('refused'), { code: 'EIO' }));
    });
    await carrying.settle();
    expect(refusedMs).toBeDefined();
    expect(storedAudio()).toEqual(Buffer.from(pcmOf(0, RATE)));
  });

  it('begins no write once it is stopped, also when the disk gave the audio only then', async () => {
    const disk = gate();
    const carrying = await lane(() => disk.opened);
    stop.stop();
    expect(await carrying.quiet()).toEqual([]);
    disk.open();
    await carrying.settle();
    expect([bench.store.created, stored]).toEqual([[], []]);
  });

  it('names a write that was under way when it was stopped, and waits for it', async () => {
    const [arrived, storing] = [gate(), gate()];
    bench.store.beforePut = () => {
      arrived.open();
      return storing.opened;
    };
    const carrying = await lane();
    await arrived.opened;
    stop.stop();
    const late = carrying.quiet();
    storing.open();
    expect(await late).toEqual(bench.store.created);
    expect(bench.store.created).toHaveLength(1);
    await carrying.settle();
  });
});

describe('the archive of a track whose audio a process before it stored, cut elsewhere', () => {
  const digest = { track, samples: RATE, sha256: createHash('sha256').update(pcmOf(0, RATE)).digest('hex') };

  it.each([
    [
      'ends inside the next segment',
      700,
      [500, RATE],
      [
        [0, 500],
        [500, 700],
        [700, RATE],
      ],
    ],
    [
      'holds several segments',
      9000,
      [500, 4000, 9500, RATE],
      [
        [0, 500],
        [500, 4000],
        [4000, 9000],
        [9000, 9500],
        [9500, RATE],
      ],
    ],
    [
      'ends where a segment does',
      700,
      [500, 700, RATE],
      [
        [0, 500],
        [500, 700],
        [700, RATE],
      ],
    ],
    [
      'ends before the first cut',
      300,
      [500, RATE],
      [
        [0, 300],
        [300, 500],
        [500, RATE],
      ],
    ],
    [
      'holds everything',
      RATE,
      [500, 700, RATE],
      [
        [0, 500],
        [500, 700],
        [700, RATE],
      ],
    ],
  ])('goes on behind the object that %s', async (_, end, cuts, parts) => {
    const carrying = await carryPast(segmentWav(RATE, pcmOf(0, end)), cuts);
    expect(Buffer.compare(storedAudio(), pcmOf(0, RATE))).toBe(0);
    expect([safe, shifts]).toEqual([parts, []]);
    expect(stored).toEqual([...bench.store.objects.keys()]);
    expect(stored.slice(0, 2)).toEqual([keyOf(0, 0), ...(end < RATE ? [keyOf(1, end)] : [])]);
    expect(carrying.digest()).toEqual(digest);
  });

  it('skips what is cut only later', async () => {
    const carrying = await carryPast(segmentWav(RATE, pcmOf(0, 900)), [500]);
    carrying.add(cutOf(500, 800));
    carrying.add(cutOf(800, RATE));
    await carrying.settle();
    expect(Buffer.compare(storedAudio(), pcmOf(0, RATE))).toBe(0);
    expect([stored, carrying.digest()]).toEqual([[keyOf(0, 0), keyOf(1, 900)], digest]);
  });

  it.each([
    ['begins alike and goes on differently', [...pcmOf(0, 600), ...new Uint8Array(200)]],
    ['is other audio', [...new Uint8Array(1400)]],
    ['is longer than what the journal holds', [...pcmOf(0, RATE + 1)]],
  ])('leaves alone what %s', async (_, pcm) => {
    await carryPast(segmentWav(RATE, Uint8Array.from(pcm)), [RATE]);
    expect([stored, safe]).toEqual([[keyOf(1001, pcm.length / 2)], [[0, RATE]]]);
    expect(shifts).toEqual([pcm.length / 2]);
  });

  it('leaves the same samples alone that are said to have another rate', async () => {
    await carryPast(segmentWav(8000, pcmOf(0, 700)), [RATE]);
    expect([stored, shifts]).toEqual([[keyOf(1001, 700)], [700]]);
  });
});
