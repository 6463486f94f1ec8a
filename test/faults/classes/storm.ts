import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '@earshot/storage';
import { apiOf } from '../client/api.ts';
import { type SessionPlan, type SpokenSession, speakSession } from '../client/session.ts';
import type { Speaker } from '../client/speaker.ts';
import type { SessionHistory } from '../history/history.ts';
import { judge, sumOf, type Verdict } from '../history/judge.ts';
import { readStoredSession } from '../history/stored-session.ts';
import { type Earshot, type EarshotOptions, startEarshot } from '../processes/earshot.ts';
import type { FaultFigures, FaultRun } from '../runner/fault-class.ts';
import { type Random, seededRandom } from '../runner/random.ts';

/** Live sessions all the while that faults are injected one after the other. */
export interface Storm {
  readonly name: string;
  readonly run: FaultRun;
  readonly earshot?: EarshotOptions;
  /** Sessions at once. */
  readonly speakers: number;
  readonly seconds: readonly [number, number];
  readonly speed: number;
  /** Sessions that must have moved on since the last fault before the next one, so that there is something to hit; 1 unless told. */
  readonly moving?: number;
  /** Undisturbed time before each fault after that, ms. */
  readonly calmMs: readonly [number, number];
  /** What stands between the clients and the nodes; nothing unless told. */
  readonly entry?: (earshot: Earshot) => Promise<Entry>;
  /** Injects one fault, waits until it has healed, and tells how many that was. */
  readonly inject: (scene: Scene) => Promise<number>;
  /** A session must have reached its end this long after the last fault, ms. */
  readonly settleMs?: number;
  /** False leaves nothing behind of a run that found something. */
  readonly keepEvidence?: boolean;
  /** What to add to the report. */
  readonly notes?: (histories: readonly SessionHistory[]) => string;
}

/** Ports that clients use instead of a node's own. */
interface Entry {
  readonly http: number;
  readonly sockets: number;
  stop(): Promise<void>;
}

export interface Scene {
  readonly earshot: Earshot;
  readonly random: Random;
  /** Sessions that speak now. */
  readonly speaking: ReadonlySet<Speaker>;
}

const SETTLE_MS = 120_000;
const MOVE_MS = 5000;

/** Runs a storm on an earshot of its own and judges every session of it. */
export async function storm(options: Storm): Promise<FaultFigures> {
  const earshot = await startEarshot(options.earshot ?? {});
  const entry = await (options.entry ?? directEntry)(earshot);
  let failed = true;
  try {
    const verdict = await stormOn({ earshot, entry }, options);
    failed = verdict.findings.length > 0 && options.keepEvidence !== false;
    for (const finding of verdict.findings.slice(0, 20)) options.run.log(`${options.name}: ${finding}`);
    const { samplesLost, samplesDoubled, stuck, falseAcks } = verdict;
    return {
      class: options.name,
      injected: verdict.injected,
      samplesLost,
      samplesDoubled,
      stuck,
      falseAcks,
      notes: verdict.notes,
    };
  } finally {
    if (failed) options.run.log(`${options.name}: logs and data are kept in ${earshot.folder.path}`);
    await entry.stop();
    await earshot.stop({ keep: failed });
  }
}

/** The first node, without anything between. */
function directEntry({ ingest }: Earshot): Promise<Entry> {
  const port = ingest[0]?.port ?? 0;
  return Promise.resolve({ http: port, sockets: port, stop: () => Promise.resolve() });
}

async function stormOn(
  { earshot, entry }: { earshot: Earshot; entry: Entry },
  options: Storm,
): Promise<Verdict & { injected: number; notes: string }> {
  const { run, calmMs } = options;
  const random = seededRandom(run.seed);
  const api = apiOf(() => `http://127.0.0.1:${entry.http}`, earshot.key);
  const route = (uploadUrl: string): string => withPort(uploadUrl, entry.sockets);
  const crowd = gather({ api, route }, options, random.fork('sessions'));
  const choices = random.fork('faults');
  let injected = 0;
  while (injected < run.count) {
    await movedOn(crowd.speaking, options.moving ?? 1);
    await sleep(choices.between(...calmMs));
    const before = injected;
    injected += await options.inject({ earshot, random: choices, speaking: crowd.speaking });
    if (Math.floor(injected / 50) > Math.floor(before / 50)) run.log(`${options.name}: ${injected} injected`);
  }
  run.log(`${options.name}: all ${injected} injected, waiting for the sessions`);
  const sessions = await crowd.finish(performance.now() + (options.settleMs ?? SETTLE_MS));
  const verdicts: Verdict[] = [];
  const seeds = sessions.map(({ speaker }) => speaker.options.seed);
  for (const session of sessions) verdicts.push(await judgeSession(earshot, { ...session, seeds }));
  const histories = sessions.map(({ speaker }) => speaker.history);
  const minutes = histories.reduce((sum, each) => sum + each.sent / each.sampleRate / 60, 0);
  const notes = [
    `${sessions.length} sessions, ${minutes.toFixed(0)} min of audio`,
    options.notes?.(histories) ?? '',
  ];
  return { ...sumOf(verdicts), injected, notes: notes.filter((note) => note !== '').join(', ') };
}

/** Waits until some sessions have more durable audio than now, though not for ever. */
async function movedOn(speaking: ReadonlySet<Speaker>, count: number): Promise<void> {
  const marks = new Map([...speaking].map((speaker) => [speaker, speaker.durable]));
  const moved = (): number =>
    [...speaking].filter((speaker) => speaker.durable > (marks.get(speaker) ?? 0)).length;
  const by = performance.now() + MOVE_MS;
  while (moved() < count && performance.now() < by) await sleep(10);
}

interface Ended extends SpokenSession {
  readonly status: string | undefined;
}

/** Keeps a number of sessions speaking until `finish`. */
function gather(way: Pick<SessionPlan, 'api' | 'route'>, options: Storm, random: Random) {
  const speaking = new Set<Speaker>();
  const results: Promise<Ended>[] = [];
  let closing = false;
  let deadline = Number.POSITIVE_INFINITY;
  let sessions = 0;
  const plan: SessionPlan = {
    ...way,
    seconds: options.seconds,
    speed: options.speed,
    onSpeaker: (speaker: Speaker) => void speaking.add(speaker),
  };
  const keepSpeaking = async (): Promise<void> => {
    while (!closing) {
      const spoken = await speakSession(plan, random.fork(++sessions), () => deadline);
      speaking.delete(spoken.speaker);
      const { sessionId } = spoken.speaker.options;
      const result = spoken.problem === undefined ? way.api.result(sessionId, () => deadline) : undefined;
      results.push(Promise.resolve(result).then((status) => ({ ...spoken, status })));
    }
  };
  const crowd = Array.from({ length: options.speakers }, keepSpeaking);
  return {
    speaking,
    async finish(by: number): Promise<Ended[]> {
      closing = true;
      deadline = by;
      await Promise.all(crowd);
      return Promise.all(results);
    },
  };
}

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

/** Reads what is stored of a session and compares it with what its speaker was promised. */
export async function judgeSession(
  earshot: Earshot,
  { speaker, problem, status, seeds }: Ended & { readonly seeds: readonly number[] },
): Promise<Verdict> {
  const { history } = speaker;
  const root = keys.sessionRoot({ tenant: 'default', sessionId: history.sessionId });
  const verdict = judge(history, await readStoredSession(earshot.store, root, status), seeds);
  if (verdict.findings.length > 0) await keepHistory(earshot.folder.path, history);
  if (problem === undefined) return verdict;
  return { ...verdict, findings: [...verdict.findings, `${history.sessionId}: ${problem}`] };
}

/** For whoever looks into a failure. */
async function keepHistory(folder: string, history: SessionHistory): Promise<void> {
  await mkdir(join(folder, 'histories'), { recursive: true });
  const { events, ...rest } = history;
  const lines = [rest, ...events].map((line) => JSON.stringify(line));
  await writeFile(join(folder, 'histories', `${history.sessionId}.jsonl`), `${lines.join('\n')}\n`);
}
