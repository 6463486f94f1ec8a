import type { JournalStream, OpenJournal } from '@earshot/journal';
import type { TrackName } from '@earshot/protocol';
import { type Random, seededRandom } from '../../runner/random.ts';
import { expectedPcm, type SessionClaim, type TrackClaim } from '../oracle/claims.ts';
import { SimulatedDisk } from '../simulated-disk.ts';
import { openOn } from './journal-script.ts';

/** One append that lies whole in one file; positions in samples, `at` and `bytes` where its audio lies in the file. */
export interface PlacedAudio {
  readonly session: number;
  readonly track: TrackName;
  readonly from: number;
  readonly to: number;
  readonly file: string;
  readonly at: number;
  readonly bytes: number;
}

/** A journal that was killed with several files full of durable audio, and where each piece of it lies. */
export interface FilledJournal {
  readonly disk: SimulatedDisk;
  readonly claims: readonly SessionClaim[];
  readonly placed: readonly PlacedAudio[];
  /** What the last sync covered: nothing on disk says yet that it was durable. */
  readonly unproven: { readonly file: string; readonly from: number };
}

const SESSIONS: readonly (readonly TrackName[])[] = [['main'], ['inbound', 'outbound'], ['main']];
const APPENDS = 140;
const RATE = 16_000;

interface Feed {
  readonly stream: JournalStream;
  readonly tracks: { track: TrackName; seed: number; end: number; gaps: { from: number; to: number }[] }[];
  epoch: number;
}

/** Fills a journal from a seed and kills it. */
export async function fillJournal(seed: number, open: OpenJournal): Promise<FilledJournal> {
  const random = seededRandom(seed);
  const disk = new SimulatedDisk({ seed });
  const { journal, time } = await openOn(disk, open);
  const feeds = SESSIONS.map((tracks, index): Feed => {
    const stream = journal.stream({ tenant: 'tenant', sessionId: `session-${index}` });
    stream.begin(1, { count: 1 });
    return {
      stream,
      epoch: 1,
      tracks: tracks.map((track) => ({ track, seed: random.between(1, 2 ** 20), end: 0, gaps: [] })),
    };
  });
  const appended: Omit<PlacedAudio, 'file' | 'at' | 'bytes'>[] = [];
  for (let index = 0; index < APPENDS; index += 1) {
    const session = random.between(0, feeds.length - 1);
    const piece = feedOne(feeds[session]!, random);
    if (piece !== undefined) appended.push({ ...piece, session });
    if (random.chance(0.2)) await time.wait(journal.whenDurable());
  }
  await time.wait(journal.whenDurable());
  const claims = feeds.map(claimOfFeed);
  disk.halt();
  const placed = appended.map((piece) => place(piece, { disk, claims }));
  return { disk: disk.copy(), claims, placed, unproven: unprovenPart(disk) };
}

function feedOne(feed: Feed, random: Random) {
  const live = random.pick(feed.tracks);
  const at = { epoch: feed.epoch, track: live.track, sampleRate: RATE };
  const from = live.end;
  const dice = random.between(0, 99);
  if (dice < 4) {
    feed.epoch += 1;
    feed.stream.begin(feed.epoch, { count: feed.epoch });
  } else if (dice < 9) {
    live.end += random.between(100, 2_000);
    feed.stream.skip({ ...at, from, to: live.end, reason: 'missing_frames' });
    live.gaps.push({ from, to: live.end });
  } else {
    live.end += random.chance(0.1) ? 2_500 : random.between(40, 400);
    feed.stream.append({ ...at, from }, expectedPcm({ seed: live.seed, gaps: [] }, from, live.end));
    return { track: live.track, from, to: live.end };
  }
  return undefined;
}

function claimOfFeed(feed: Feed): SessionClaim {
  const tracks = feed.tracks.map(
    (live): TrackClaim => ({ ...live, first: 0, durable: live.end, released: 0, gaps: live.gaps }),
  );
  const counts = { epoch: feed.epoch, durableEpoch: feed.epoch, meta: feed.epoch, durableMeta: feed.epoch };
  return { ref: feed.stream.ref, sampleRate: RATE, ...counts, closeAsked: false, erase: 'no', tracks };
}

function place(
  piece: Omit<PlacedAudio, 'file' | 'at' | 'bytes'>,
  { disk, claims }: { disk: SimulatedDisk; claims: readonly SessionClaim[] },
): PlacedAudio {
  const track = claims[piece.session]?.tracks.find((other) => other.track === piece.track);
  if (track === undefined) throw new Error('the piece belongs to no track');
  const audio = expectedPcm({ seed: track.seed, gaps: [] }, piece.from, piece.to);
  for (const { name, content } of disk.files()) {
    const at = Buffer.from(content.buffer, content.byteOffset, content.length).indexOf(audio);
    if (at >= 0) return { ...piece, file: name, at, bytes: audio.length };
  }
  throw new Error('the journal holds an append that is in none of its files as it was given');
}

function unprovenPart(disk: SimulatedDisk): FilledJournal['unproven'] {
  const calls = disk.calls.filter(({ call }) => call === 'write' || call === 'sync');
  const last = calls.findLastIndex(({ call }) => call === 'sync');
  const file = calls[last]?.name ?? '';
  const before = calls.slice(0, last).findLastIndex(({ call, name }) => call === 'sync' && name === file);
  const writes = calls.slice(before + 1, last).filter(({ name }) => name === file);
  return { file, from: Math.min(...writes.map(({ at }) => at)) };
}
