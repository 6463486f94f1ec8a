import { encodePcm16le } from '@earshot/audio';
import type { JournalStream } from '@earshot/journal';
import { LIMITS } from '@earshot/protocol';
import { computedAudio, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createIntakeBench, type IntakeBench, RATE } from '../testing/intake-bench.ts';
import { systemTime } from '../time/system-time.ts';
import { Stop } from '../time/waiting.ts';
import { SegmentLane } from './segment-lane.ts';
import { createStorageSlots } from './storage-slots.ts';

const ref = { tenant: 'clinic', sessionId: 'ses_0000000000000001' };
const track = 'main';

let bench: IntakeBench;
let stop: Stop;
let stored: string[];
beforeEach(async () => {
  bench = await createIntakeBench(await temporaryFolder());
  stop = new Stop();
  stored = [];
});
afterEach(() => bench.stop());

/** The stream on a disk that gives nothing before `until`. */
function slow(stream: JournalStream, until: Promise<void>): JournalStream {
  return new Proxy(stream, {
    get: (of, name) => {
      const member: unknown = Reflect.get(of, name, of);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, of, given);
        return name === 'read' ? until.then(() => answer) : answer;
      };
    },
  });
}

/** A lane that has begun with a segment of a second, and waits for its disk. */
async function lane(disk: Promise<void>): Promise<SegmentLane> {
  const { journal, store, sessions } = bench;
  const stream = journal.stream(ref);
  stream.begin(1, {});
  stream.append({ epoch: 1, track, sampleRate: RATE, from: 0 }, encodePcm16le(computedAudio(1, 0, RATE)));
  await journal.whenDurable();
  const quiet = (): void => undefined;
  const carrying = new SegmentLane(
    {
      ref,
      stream: slow(stream, disk),
      ...{ journal, store, stop, sessions, index: sessions, node: 'node', limits: LIMITS },
      slots: createStorageSlots(1),
      time: systemTime,
      log: { info: quiet, warn: quiet, error: quiet },
    },
    { track, firstIndex: 0, shift: 0 },
    { stored: ({ entry }) => stored.push(entry.key), relocated: quiet },
  );
  const segment = { track, sampleRate: RATE, firstSample: 0, samples: RATE, cut: 'end' } as const;
  carrying.add({ ...segment, speechRatio: 0, levelDb: -20, speech: false });
  return carrying;
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('the archive of a track', () => {
  it('begins no write once it is stopped, also when the disk gave the audio only then', async () => {
    const disk = gate();
    const carrying = await lane(disk.opened);
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
    const carrying = await lane(Promise.resolve());
    await arrived.opened;
    stop.stop();
    const late = carrying.quiet();
    storing.open();
    expect(await late).toEqual(bench.store.created);
    expect(bench.store.created).toHaveLength(1);
    await carrying.settle();
  });
});
