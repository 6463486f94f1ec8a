import { decodePcm16le } from '@earshot/audio';
import type { JournalRange, JournalStream, RecoveredStream } from '@earshot/journal';
import { Gap, type SegmentEntry, TrackName } from '@earshot/protocol';
import type { StoredStanding } from '@earshot/sessions';
import { readAudio } from '../archive/journal-audio.ts';
import { othersFeed } from '../archive/others-turn.ts';
import type { Relocation } from '../archive/segment-lane.ts';
import type { IntakeContext } from '../context.ts';
import { Tenure } from '../tenure/tenure.ts';
import type { TenureStart } from '../tenure/tenure-start.ts';
import { TrackLine } from '../tenure/track-line.ts';
import { reconcile } from './reconcile.ts';

/** Another node feeds the session since: what is held here can be put in its place when that one is on record. */
export class OthersFeed extends Error {
  /** End was asked for: a node that is there records its part soon. */
  readonly ending: boolean;

  constructor(ending: boolean) {
    super('another node feeds the session');
    this.ending = ending;
    this.name = 'OthersFeed';
  }
}

export interface RestoreOptions {
  /** Counts the attempts, from 1. */
  readonly attempt: number;
  /** The session is wanted here: do not wait for other nodes. */
  readonly forced: boolean;
  readonly keep: (tenure: Tenure) => Tenure;
}

/** Seconds of audio read back at a time. */
const PIECE_SECONDS = 5;

/**
 * Makes a tenure of what the journal holds of a session: what storage has already is given up, the rest goes
 * through the cutter again, and the session waits for its next connection or, when it has moved on, is closed.
 */
export async function restoreTenure(
  context: IntakeContext,
  recovered: RecoveredStream,
  { attempt, forced, keep }: RestoreOptions,
): Promise<void> {
  const { stream } = recovered;
  const { ref } = stream;
  const { fate, epoch } = await context.sessions.fateOf(ref);
  if (fate === 'gone') {
    // Without the journal nobody would come back to what is left in storage.
    await context.sessions.disclaim(ref, { node: context.node, epoch: stream.epoch });
    await stream.erase();
    return;
  }
  const isOpen = fate === 'open' || fate === 'ending';
  if (isOpen && !forced && (await othersFeed(context, stream))) throw new OthersFeed(fate === 'ending');
  const standing = await context.sessions.standing(ref);
  const open = await context.sessions.openClaims(ref);
  const isOnRecord = !open.some((claim) => claim.node === context.node && claim.epoch <= stream.epoch);
  if (isOnRecord && tracksOf(stream).length === 0) {
    // Cut off behind its record: another one would know less, and take the place of the first.
    await context.sessions.disclaim(ref, { node: context.node, epoch: stream.epoch });
    stream.close();
    return;
  }
  const tenure = new Tenure(context, { ...startOf(recovered, context), tracks: standing.tracks });
  let goneOn = false;
  try {
    for (const track of tracksOf(stream)) {
      const restoring = { tenure, stream, standing, attempt, track };
      if (await restoreTrack(context, restoring)) goneOn = true;
    }
  } catch (error) {
    tenure.abandon();
    throw error;
  }
  noteDamage(tenure, recovered);
  tenure.isOnRecord = isOnRecord;
  keep(tenure);
  const lease = { node: context.node, epoch: stream.epoch };
  const superseded = epoch > stream.epoch || !(await hold(context, ref, lease));
  if (fate === 'over') {
    context.log.error({ session: ref.sessionId }, 'audio turned up after its session had ended');
  }
  if (goneOn) tenure.isFinal = true;
  if (fate === 'open' && !superseded && !goneOn) tenure.park('recovered');
  else void tenure.close('recovered');
}

/** True unless a newer epoch feeds the session; an index that is down decides nothing. */
async function hold(
  context: IntakeContext,
  ref: JournalStream['ref'],
  lease: { node: string; epoch: number },
): Promise<boolean> {
  try {
    return await context.index.holdStream(ref, lease, context.limits.streamLeaseMs);
  } catch (error) {
    context.log.warn({ session: ref.sessionId, err: error }, 'the lease of a recovered stream waits');
    return true;
  }
}

function startOf({ stream, meta }: RecoveredStream, { time }: IntakeContext): Omit<TenureStart, 'tracks'> {
  const { startedAt, transport, gaps, fromEpoch } = meta;
  const known = Gap.array().safeParse(gaps);
  return {
    stream,
    startedAt: typeof startedAt === 'string' ? startedAt : time.now().toISOString(),
    transport: transport === 'http' ? 'http' : 'websocket',
    gaps: known.success ? known.data : [],
    relocations: Array.isArray(meta['relocations']) ? meta['relocations'].filter(isRelocation) : [],
    fromEpoch: typeof fromEpoch === 'number' ? fromEpoch : stream.epoch,
  };
}

function isRelocation(told: unknown): told is Relocation {
  if (typeof told !== 'object' || told === null) return false;
  if (!('track' in told && 'from' in told && 'shift' in told)) return false;
  const { track, from, shift } = told;
  return TrackName.safeParse(track).success && Number.isSafeInteger(from) && Number.isSafeInteger(shift);
}

function tracksOf(stream: JournalStream): TrackName[] {
  return [...new Set(stream.ranges().map((range) => range.track))];
}

interface TrackRestoring {
  readonly tenure: Tenure;
  readonly stream: JournalStream;
  readonly standing: StoredStanding;
  readonly track: TrackName;
  /** Counts the attempts to take this stream up, from 1. */
  readonly attempt: number;
}

/** Feeds a fresh cutter with what storage does not have; true when the track has gone on elsewhere. */
async function restoreTrack(context: IntakeContext, restoring: TrackRestoring): Promise<boolean> {
  const { tenure, stream, standing, track, attempt } = restoring;
  const held = heldRange(stream.ranges(), track);
  const stored = standing.segments.filter((segment) => segment.track === track);
  const { from, to, shift } = await reconcile(context, { stream, held, stored, attempt });
  // Also gaps in front of it: a segment that was stored without a record has silence there.
  for (const gap of stream.gaps()) if (gap.track === track) noteGap(tenure, gap);
  tenure.book.keepGaps();
  stream.release(track, from);
  const line = new TrackLine({ track, sampleRate: held.sampleRate, from }, context.cut);
  tenure.intake.restore(line);
  tenure.archive.start(track, {
    firstIndex: nextIndex(stored, shift === 0 ? from : Number.POSITIVE_INFINITY),
    shift,
    from,
  });
  const piece = held.sampleRate * PIECE_SECONDS;
  for (let at = from; at < to; at += piece) {
    const range = { from: at, to: Math.min(at + piece, to) };
    const { pcm } = await readAudio(stream, track, { ...range, attempt });
    tenure.intake.replay(line, decodePcm16le(pcm));
  }
  const next = standing.tracks.find((other) => other.track === track)?.nextSample ?? 0;
  return to < held.to || shift > 0 || next > held.to;
}

/** A gap that the tenure's meta told already is not told twice. */
function noteGap(tenure: Tenure, gap: Gap): void {
  const known = tenure.book.gaps
    .all()
    .some((other) => other.track === gap.track && other.from <= gap.from && other.to >= gap.to);
  if (!known) tenure.book.gaps.add(gap);
}

function heldRange(ranges: readonly JournalRange[], track: TrackName): JournalRange {
  const own = ranges.filter((range) => range.track === track);
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('the journal holds nothing of a track');
  return { ...first, to: last.to };
}

/** Behind the segments before a position: those after it were stored by a node that left room. */
function nextIndex(stored: readonly SegmentEntry[], before: number): number {
  return stored
    .filter(({ firstSample }) => firstSample < before)
    .reduce((next, { index }) => Math.max(next, index + 1), 0);
}

function noteDamage(tenure: Tenure, { damaged, endInDoubt }: RecoveredStream): void {
  for (const { track, from, to } of damaged) tenure.book.gaps.damage({ track, from, to });
  if (damaged.length === 0 && !endInDoubt) return;
  tenure.warn({
    type: 'journal_damage',
    message: 'Audio on the disk of the ingest node was damaged; what could not be read is listed as a gap.',
    details: { ranges: damaged.length, end_in_doubt: endInDoubt },
  });
}
