import {
  JournalDamaged,
  type JournalStream,
  type OpenJournal,
  openJournal,
  type Recovery,
} from '@earshot/journal';
import type { FaultClass, FaultFigures, FaultRun } from '../../runner/fault-class.ts';
import { type Random, seededRandom } from '../../runner/random.ts';
import { claimOf, expectedPcm, type SessionClaim, sameBytes } from '../oracle/claims.ts';
import { Verdict } from '../oracle/verdict.ts';
import { type FilledJournal, fillJournal, type PlacedAudio } from '../script/filled-journal.ts';
import { openOn } from '../script/journal-script.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';

/** Flips in copies of one journal before the next one is filled. */
const FLIPS_PER_JOURNAL = 250;

/** Bytes of a file that were changed, `to` exclusive. */
interface Harm {
  readonly what: string;
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** Single bits flipped and pages zeroed in the files of a journal that was killed. */
export const journalBitFlips: FaultClass = {
  name: 'journal-bit-flips',
  ciCount: 1_000,
  fullCount: 10_000,
  run: (run) => runBitFlips(run, openJournal),
};

/** The same for any implementation of the journal. */
export async function runBitFlips(run: FaultRun, open: OpenJournal): Promise<FaultFigures> {
  const verdict = new Verdict('journal-bit-flips', run.log);
  const judge = new FlipJudge(open, verdict);
  for (let filled = 0; verdict.injected < run.count; filled += 1) {
    const seed = run.seed + filled;
    const journal = await fillJournal(seed, open);
    const random = seededRandom(seed).fork('flips');
    for (let flip = 0; flip < FLIPS_PER_JOURNAL && verdict.injected < run.count; flip += 1) {
      const disk = journal.disk.copy({ seed: random.between(1, 2 ** 30) });
      const harm = harmOne(disk, random);
      verdict.where = `seed ${seed}, flip ${flip}: ${harm.what} at ${harm.from} of ${harm.file}`;
      verdict.inject();
      await judge.one(journal, { disk, harm });
    }
  }
  return verdict.figures(judge.notes());
}

/** Nine bits for one page, in a place of the journal's files where every byte is equally likely. */
function harmOne(disk: SimulatedDisk, random: Random): Harm {
  const files = disk.files().filter(({ name }) => name.endsWith('.journal'));
  let offset = random.between(0, files.reduce((sum, { content }) => sum + content.length, 0) - 1);
  const hit = files.find(({ content }) => {
    if (offset < content.length) return true;
    offset -= content.length;
    return false;
  });
  if (hit === undefined) throw new Error('the journal has no files');
  if (random.chance(0.9)) {
    const flipped = Uint8Array.of((hit.content[offset] ?? 0) ^ (1 << random.between(0, 7)));
    disk.damage(hit.name, offset, flipped);
    return { what: 'a flipped bit', file: hit.name, from: offset, to: offset + 1 };
  }
  const page = random.pick([512, 4_096]);
  const from = offset - (offset % page);
  const to = Math.min(from + page, hit.content.length);
  disk.damage(hit.name, from, new Uint8Array(to - from));
  return { what: `a zeroed page of ${page} bytes`, file: hit.name, from, to };
}

/** Opens harmed journals: what the harm did not touch is whole, what it touched is told, nothing is served wrong. */
class FlipJudge {
  #found = { damage: 0, torn: 0, harmless: 0, atRead: 0 };
  readonly #open: OpenJournal;
  readonly #verdict: Verdict;

  constructor(open: OpenJournal, verdict: Verdict) {
    this.#open = open;
    this.#verdict = verdict;
  }

  notes(): string {
    const { damage, torn, atRead, harmless } = this.#found;
    return `${damage} told as damage, ${torn} as a torn end, ${atRead} at a read; ${harmless} hit nothing that is needed`;
  }

  async one(journal: FilledJournal, { disk, harm }: { disk: SimulatedDisk; harm: Harm }): Promise<void> {
    try {
      const { recovery } = await openOn(disk, this.#open);
      const told = recovery.damage.length > 0 || recovery.streams.some(({ endInDoubt }) => endInDoubt);
      let atRead = 0;
      for (const [session, claim] of journal.claims.entries()) {
        const pieces = journal.placed.filter((piece) => piece.session === session);
        atRead += await this.#session(recovery, { claim, pieces, harm, journal });
      }
      if (told) this.#found.damage += 1;
      else if (recovery.tornBytes > 0) this.#found.torn += 1;
      else if (atRead > 0) this.#found.atRead += 1;
      else this.#found.harmless += 1;
    } catch (error) {
      this.#verdict.wrong('stuck', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  /** Tells how many pieces of audio could not be read. */
  async #session(recovery: Recovery, harmed: HarmedSession): Promise<number> {
    const { claim, pieces, harm } = harmed;
    const stream = recovery.streams.find((found) => claimOf([claim], found.stream.ref) !== undefined)?.stream;
    const proven = recovery.tornBytes === 0;
    if (stream === undefined) {
      const lost = pieces.reduce((sum, piece) => sum + piece.to - piece.from, 0);
      this.#verdict.wrong('samplesLost', `${claim.ref.sessionId} is gone`, lost);
      return pieces.length;
    }
    const single = harm.to - harm.from === 1;
    if (stream.epoch !== claim.epoch && (single || recovery.damage.length === 0) && proven) {
      this.#verdict.wrong(
        'falseAcks',
        `${claim.ref.sessionId} has epoch ${stream.epoch}, not ${claim.epoch}`,
      );
    }
    let unread = 0;
    for (const piece of pieces) {
      const outcome = await readPiece(stream, claim, piece);
      if (outcome === 'whole') continue;
      unread += 1;
      this.#judgePiece(outcome, { piece, harmed, recovery });
    }
    return unread;
  }

  #judgePiece(outcome: Outcome, { piece, harmed, recovery }: JudgedPiece): void {
    const samples = piece.to - piece.from;
    const name = `${harmed.claim.ref.sessionId} ${piece.track} at ${piece.from}`;
    if (outcome === 'wrong') {
      this.#verdict.wrong('samplesDoubled', `${name} is served wrong`, samples);
      return;
    }
    const { unproven } = harmed.journal;
    const behind =
      piece.file === unproven.file && piece.at >= unproven.from && harmed.harm.file === unproven.file;
    const torn = behind && harmed.harm.to > unproven.from && piece.at + piece.bytes > harmed.harm.from;
    if (!touched(piece, harmed) && !torn) {
      this.#verdict.wrong('samplesLost', `${name} was not touched and is ${outcome}`, samples);
    }
    if (outcome === 'absent' && recovery.damage.length === 0 && recovery.tornBytes === 0) {
      this.#verdict.wrong('falseAcks', `${name} is missing and nothing says so`);
    }
  }
}

interface HarmedSession {
  readonly claim: SessionClaim;
  readonly pieces: readonly PlacedAudio[];
  readonly harm: Harm;
  readonly journal: FilledJournal;
}

interface JudgedPiece {
  readonly piece: PlacedAudio;
  readonly harmed: HarmedSession;
  readonly recovery: Recovery;
}

/** `told`: refused as damaged, or told as a corrupt gap; `absent`: beyond the end of its track. */
type Outcome = 'whole' | 'told' | 'absent' | 'wrong';

async function readPiece(stream: JournalStream, claim: SessionClaim, piece: PlacedAudio): Promise<Outcome> {
  const track = claim.tracks.find((other) => other.track === piece.track);
  if (track === undefined) throw new Error('the piece belongs to no track');
  if (stream.end(piece.track) < piece.to || stream.start(piece.track) > piece.from) return 'absent';
  const corrupt = stream
    .gaps()
    .some(
      (gap) =>
        gap.reason === 'corrupt' && gap.track === piece.track && gap.from < piece.to && gap.to > piece.from,
    );
  try {
    const pcm = await stream.read(piece.track, piece.from, piece.to);
    if (sameBytes(pcm, expectedPcm(track, piece.from, piece.to))) return 'whole';
    return corrupt ? 'told' : 'wrong';
  } catch (error) {
    if (error instanceof Error && error.name === JournalDamaged.name) return 'told';
    throw error;
  }
}

/**
 * A record is touched by harm between the audio of its neighbours and the end of its own: what lies around audio may
 * belong to the record before or behind.
 */
function touched(piece: PlacedAudio, { harm, journal }: HarmedSession): boolean {
  if (harm.file !== piece.file) return false;
  const ends = journal.placed
    .filter(({ file, at }) => file === piece.file && at < piece.at)
    .map(({ at, bytes }) => at + bytes);
  const starts = journal.placed
    .filter(({ file, at }) => file === piece.file && at > piece.at)
    .map(({ at }) => at);
  const from = Math.max(0, ...ends);
  const to = Math.min(Number.POSITIVE_INFINITY, ...starts);
  return harm.to > from && harm.from < to;
}
