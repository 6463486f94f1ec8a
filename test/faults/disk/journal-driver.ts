import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeDisk, type JournalStream, openJournal, systemJournalTime } from '@earshot/journal';
import { EarshotError, type TrackName } from '@earshot/protocol';
import { seededRandom } from '../runner/random.ts';
import { expectedPcm } from './oracle/claims.ts';
import {
  DRIVER_JOURNAL,
  DRIVER_RATE,
  DRIVER_TENANT,
  DRIVER_TRACKS,
  driverSeed,
  sessionName,
} from './power/driver-lines.ts';

const HELD_SAMPLES = 12_000;
const EXIT_FAILED = 3;

/**
 * A process of its own that feeds a journal in a folder: `journal-driver.js FOLDER SEED APPENDS`, 0 appends for no
 * end. Writes a line for each promise, in the moment it is made.
 */
async function main([folder = '', seed = '1', appends = '0']: readonly string[]): Promise<void> {
  const disk = await createNodeDisk(folder);
  const { journal, recovery } = await openJournal({
    disk,
    time: systemJournalTime,
    randomBytes: (count) => randomBytes(count),
    settings: DRIVER_JOURNAL,
    onFailure: () => {
      tell('failed');
      process.exit(EXIT_FAILED);
    },
  });
  journal.onCommit((streams) => {
    for (const stream of streams) tellDurable(stream);
  });
  const feeds = DRIVER_TRACKS.map((tracks, index) => {
    const known = recovery.streams.find(({ stream }) => stream.ref.sessionId === sessionName(index));
    const stream = known?.stream ?? journal.stream({ tenant: DRIVER_TENANT, sessionId: sessionName(index) });
    stream.begin(stream.epoch + 1, { count: 1 });
    return { stream, tracks };
  });
  tell('ready');
  const random = seededRandom(Number(seed));
  for (let index = 0; Number(appends) === 0 || index < Number(appends); index += 1) {
    const { stream, tracks } = random.pick(feeds);
    await whenRoom(() => appendTo(stream, random.pick(tracks), random.between(80, 800)));
    if (random.chance(0.02)) await whenRoom(() => stream.begin(stream.epoch + 1, { count: 1 }));
    if (random.chance(0.3)) for (const track of tracks) await whenRoom(() => releaseOld(stream, track));
    await journal.room();
    if (random.chance(0.5)) await sleep(random.between(0, 3));
    if (random.chance(0.02)) await makeDurable();
  }
  await makeDurable();
  tell('done');
  await journal.close();
  process.exit(0);

  async function makeDurable(): Promise<void> {
    const epochs = feeds.map(({ stream }) => stream.epoch);
    await journal.whenDurable();
    for (const [index, { stream }] of feeds.entries()) {
      tell(`epoch ${stream.ref.sessionId} ${epochs[index] ?? 0}`);
    }
  }
}

/** Goes on trying while the disk is full. */
async function whenRoom(step: () => void): Promise<void> {
  for (;;) {
    try {
      step();
      return;
    } catch (error) {
      if (!(error instanceof EarshotError && error.code === 'insufficient_storage')) throw error;
      await sleep(20);
    }
  }
}

function appendTo(stream: JournalStream, track: TrackName, samples: number): void {
  const from = stream.end(track);
  const pcm = expectedPcm({ seed: driverSeed(stream.ref.sessionId, track), gaps: [] }, from, from + samples);
  stream.append({ epoch: stream.epoch, track, sampleRate: DRIVER_RATE, from }, pcm);
}

function releaseOld(stream: JournalStream, track: TrackName): void {
  const to = stream.durable(track) - HELD_SAMPLES;
  if (to <= stream.start(track)) return;
  tell(`released ${stream.ref.sessionId} ${track} ${to}`);
  stream.release(track, to);
}

function tellDurable(stream: JournalStream): void {
  for (const track of new Set(stream.ranges().map((range) => range.track))) {
    tell(`durable ${stream.ref.sessionId} ${track} ${stream.durable(track)}`);
  }
}

/** Written by the system call itself: what was told is told, whatever happens to this process. */
function tell(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

// It lives no longer than whoever reads what it tells.
process.stdin.resume().once('end', () => process.exit(0));
await main(process.argv.slice(2));
