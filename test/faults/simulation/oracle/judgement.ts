import { createHash } from 'node:crypto';
import { encodePcm16le } from '@earshot/audio';
import { keys } from '@earshot/storage';
import { computedAudio } from '@earshot/test-support';
import { type ConnectionHistory, claimOf, type History, heard, type SessionHistory } from './history.ts';
import { manifestOfTrack, readManifest, readTrack, type StoredTrack } from './stored-track.ts';

/** A connection that brought audio, and the part of the track that is its own. */
interface Share {
  readonly connection: ConnectionHistory;
  readonly from: number;
  /** Where the next connection took over, or where its audio ended. */
  readonly to: number;
}

/** Judges one session when everything has come to rest. */
export function judge(
  history: History,
  session: SessionHistory,
  objects: ReadonlyMap<string, Uint8Array>,
): void {
  const manifest = readManifest(objects, session.ref);
  if (session.erased) {
    judgeErased(history, session, objects);
    return;
  }
  if (manifest === null) {
    if (objects.has(keys.manifest(session.ref)))
      history.violate(session, 'I13', 'the manifest cannot be understood');
    return;
  }
  for (const answer of session.endAnswers) {
    if (JSON.stringify(answer) !== JSON.stringify(manifest.answer))
      history.violate(session, 'I6', 'End gave two answers');
  }
  for (const [at, name] of session.tracks.entries()) {
    const track = readTrack(objects, manifestOfTrack(manifest, name));
    const connections = session.connections.flatMap((each) => (at === 0 ? each : (each.second ?? [])));
    judgeTrack(history, { ...session, connections }, track);
  }
}

function judgeTrack(history: History, session: SessionHistory, track: StoredTrack): void {
  judgeEpochs(history, session);
  for (const { what, doubled } of track.faults) history.double(session, 'I7', what, doubled);
  const shares = sharesOf(session);
  judgeContent(history, session, { track, shares });
  judgePromises(history, session, { track, shares });
  judgeDigest(history, session, track);
}

/** One writer: no two connections have one epoch, and none begins below what an older one was promised. */
function judgeEpochs(history: History, session: SessionHistory): void {
  const brought = session.connections.filter(({ base }) => base !== undefined);
  const epochs = brought.map(({ epoch }) => epoch).filter((epoch) => epoch > 0);
  for (const epoch of new Set(epochs)) {
    const holders = brought.filter((each) => each.epoch === epoch);
    if (holders.length > 1 && !mayShare(history, session, holders))
      history.violate(session, 'I5', `epochs ${epochs.join(' ')}`);
  }
  for (const [at, later] of brought.entries()) {
    for (const earlier of brought.slice(0, at)) {
      if (earlier.epoch >= later.epoch || earlier.taken === 0) continue;
      const promisedTo = Math.min(earlier.durable, earlier.base! + earlier.taken);
      // Another node goes on where the client still can; what the first one holds comes back with it.
      const soft = earlier.node !== later.node;
      if (later.base! < promisedTo && !soft) {
        history.violate(
          session,
          'I4',
          `epoch ${later.epoch} began at ${later.base}, durable was ${promisedTo}`,
        );
      }
    }
  }
}

/**
 * A connection that resumes is not kept out by a store that is away, though its claim cannot be stored: an index that
 * forgets then gives its epoch to another node. Only to another one, and only where all but one have no claim.
 */
function mayShare(history: History, { ref }: SessionHistory, holders: readonly ConnectionHistory[]): boolean {
  const isClaimed = ({ node, epoch }: ConnectionHistory): boolean =>
    !history.unstoredClaims.has(claimOf(keys.claim(ref, epoch), node));
  const nodes = new Set(holders.map(({ node }) => node));
  return history.indexForgot && nodes.size === holders.length && holders.filter(isClaimed).length <= 1;
}

/** The newest connection owns what lies behind the place where it began. */
function sharesOf(session: SessionHistory): Share[] {
  const brought = session.connections
    .filter(({ base, taken }) => base !== undefined && taken > 0)
    .sort((a, b) => a.epoch - b.epoch);
  return brought.map((connection, at) => {
    const next = Math.min(...brought.slice(at + 1).map(({ base }) => base!), Number.POSITIVE_INFINITY);
    const to = Math.min(heard(connection), next);
    return { connection, from: connection.base!, to: Math.max(connection.base!, to) };
  });
}

/** Every stored sample is the one that was sent there, and every filled gap is silence. */
function judgeContent(
  history: History,
  session: SessionHistory,
  { track, shares }: { track: StoredTrack; shares: readonly Share[] },
): void {
  const owned = new Uint8Array(track.audio.length);
  for (const { connection, from, to } of shares) {
    const end = Math.min(to, track.audio.length);
    const expected = computedAudio(connection.seed, connection.firstSample, Math.max(0, end - from));
    let wrong = 0;
    let first = -1;
    for (let at = from; at < end; at += 1) {
      owned[at] = 1;
      if (track.stored[at] === 0 || track.missing[at] === 1 || track.audio[at] === expected[at - from])
        continue;
      if (isForgottenGap(history, connection, at) && track.audio[at] === 0) continue;
      wrong += 1;
      if (first < 0) first = at;
    }
    if (wrong > 0 && !isBehind(session, track, { connection, from, to: end }))
      history.double(
        session,
        'I3',
        `${wrong} wrong samples from ${first} on (epoch ${connection.epoch})`,
        wrong,
      );
  }
  let foreign = 0;
  for (let at = 0; at < track.audio.length; at += 1) {
    if (track.missing[at] === 1 && track.stored[at] === 1 && track.audio[at] !== 0) foreign += 1;
    // Also a gap that its connection ended with, and that another one followed.
    if (track.audio[at] === 0 && shares.some(({ connection }) => isForgottenGap(history, connection, at)))
      owned[at] = 1;
  }
  for (const run of strayRuns(track, owned)) {
    if (!isRelocated(session, track, run)) foreign += run.to - run.from;
  }
  if (foreign > 0) history.double(session, 'I8', `${foreign} samples that nobody sent there`, foreign);
}

/** The list of gaps is on the node's disk until its record is written: a destroyed disk leaves only their silence. */
function isForgottenGap(history: History, connection: ConnectionHistory, at: number): boolean {
  return (
    history.lostDisks.has(connection.node) && connection.gaps.some(({ from, to }) => at >= from && at < to)
  );
}

/** Stored audio that lies where no connection put any. */
function strayRuns(track: StoredTrack, owned: Uint8Array): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let from = -1;
  for (let at = 0; at <= track.audio.length; at += 1) {
    const isStray =
      at < track.audio.length && track.stored[at] === 1 && track.missing[at] === 0 && owned[at] === 0;
    if (isStray && from < 0) from = at;
    if (!isStray && from >= 0) {
      runs.push({ from, to: at });
      from = -1;
    }
  }
  return runs;
}

/**
 * A plain client that was taken over while its node was away has no positions to keep: the node's tail may come
 * behind the newer audio, whole, as long as the session says so.
 */
function isRelocated(
  session: SessionHistory,
  track: StoredTrack,
  run: { from: number; to: number },
): boolean {
  if (session.kind !== 'plain' || !track.manifest.issues.some(({ type }) => type === 'segment_conflict'))
    return false;
  const stray = track.audio.subarray(run.from, run.to);
  const sent = session.connections.map(({ seed, firstSample, taken }) =>
    computedAudio(seed, firstSample, taken),
  );
  let matched = 0;
  while (matched < stray.length) {
    const longest = Math.max(0, ...sent.map((audio) => commonRun(audio, stray.subarray(matched))));
    if (longest === 0) return false;
    matched += longest;
  }
  return true;
}

/**
 * The other way round: the tail of the node that was away is in its place, and the newer audio of the plain client lies
 * behind it, whole. What stands in its place is then that of an older connection.
 */
function isBehind(session: SessionHistory, track: StoredTrack, share: Share): boolean {
  const { connection, from, to } = share;
  const own = computedAudio(connection.seed, connection.firstSample, to - from);
  const behind = indexOfRun(track.audio.subarray(to), own);
  if (behind < 0) return false;
  return isRelocated(session, track, { from, to });
}

/** Where a run of samples begins in `audio`; -1 when it is not there. */
function indexOfRun(audio: Int16Array, run: Int16Array): number {
  return audio.findIndex((_, index) => run.every((sample, next) => audio[index + next] === sample));
}

/** How many samples of `stray` from its start on lie somewhere in `audio`; 0 unless a few do. */
function commonRun(audio: Int16Array, stray: Int16Array): number {
  const needed = Math.min(8, stray.length);
  const at = audio.findIndex((_, index) =>
    stray.subarray(0, needed).every((sample, next) => audio[index + next] === sample),
  );
  if (at < 0) return 0;
  let length = needed;
  while (length < stray.length && audio[at + length] === stray[length]) length += 1;
  return length;
}

/** What was acknowledged is stored, or its node was lost and the manifest says so. */
function judgePromises(
  history: History,
  session: SessionHistory,
  { track, shares }: { track: StoredTrack; shares: readonly Share[] },
): void {
  const flagged = track.manifest.issues.some(({ type }) => type === 'stream_interrupted');
  for (const { connection, from, to } of shares) {
    const isExcused =
      history.lostDisks.has(connection.node) || history.endedWithout.has(excuse(session, connection.node));
    let lost = 0;
    let hidden = 0;
    let first = -1;
    for (let at = from; at < Math.min(to, connection.durable); at += 1) {
      if (track.stored[at] === 1 && track.missing[at] === 0) continue;
      if (connection.gaps.some((gap) => at >= gap.from && at < gap.to)) continue;
      const told = track.missing[at] === 1 || (at >= track.audio.length && flagged);
      if (isExcused && at >= connection.archived) hidden += told ? 0 : 1;
      else lost += 1;
      if (first < 0) first = at;
    }
    const where = `from ${first} on (epoch ${connection.epoch} on ${connection.node})`;
    if (lost > 0) history.lose(session, 'I1', `${lost} durable samples are not stored ${where}`, lost);
    if (hidden > 0)
      history.lose(session, 'I7', `${hidden} samples of a lost node are missing in silence ${where}`, hidden);
  }
}

/** Name of the excuse that a session was ended while a node with its audio was away. */
export function excuse(session: SessionHistory, node: string): string {
  return `${session.ref.sessionId} ${node}`;
}

function judgeDigest(history: History, session: SessionHistory, { manifest, audio }: StoredTrack): void {
  for (const digest of manifest.digests ?? []) {
    const pcm = encodePcm16le(audio.subarray(0, digest.samples));
    if (createHash('sha256').update(pcm).digest('hex') === digest.sha256 && audio.length >= digest.samples)
      continue;
    history.violate(session, 'I13', 'the digest of the track is not that of its segments');
  }
}

/** What a process left that died with a write under way is taken away by the sweep of the workers, which is not run here. */
function judgeErased(
  history: History,
  session: SessionHistory,
  objects: ReadonlyMap<string, Uint8Array>,
): void {
  const root = keys.sessionRoot(session.ref);
  const left = [...objects.keys()].filter(
    (key) => key.startsWith(root) && key !== keys.erased(session.ref) && !history.leftBehind.has(key),
  );
  if (left.length > 0) history.violate(session, 'I17', `erased, and yet there are ${left.join(' ')}`);
}
