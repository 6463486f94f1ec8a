import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '@earshot/storage';
import { until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { judgeSession } from '../faults/classes/storm.ts';
import { type Api, apiOf } from '../faults/client/api.ts';
import { Speaker } from '../faults/client/speaker.ts';
import { rawFormat } from '../faults/client/wire-format.ts';
import { readStoredSession } from '../faults/history/stored-session.ts';
import { type Earshot, startEarshot } from '../faults/processes/earshot.ts';
import { workspaceRoot } from '../faults/processes/workspace.ts';
import { seededRandom } from '../faults/runner/random.ts';

const RATE = rawFormat.sampleRate;
const random = seededRandom(20_261_121);

let earshot: Earshot;
let api: Api;

afterEach(() => earshot.stop());

interface CapacityAnswer {
  readonly live: number;
  readonly processes?: readonly { readonly live: number }[];
}

const node = () => earshot.ingest[0]!;
const ask = async (path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${node().port}${path}`)).text();
const capacity = async (): Promise<CapacityAnswer> => JSON.parse(await ask('/capacity')) as CapacityAnswer;
const soon = (ms = 60_000) => {
  const at = performance.now() + ms;
  return () => at;
};

async function start(processes: number): Promise<void> {
  earshot = await startEarshot({ env: { EARSHOT_INGEST_PROCESSES: String(processes) } });
  api = apiOf(() => `http://127.0.0.1:${node().port}`, earshot.key);
  await allReady(processes);
}

const allReady = (processes: number): Promise<unknown> =>
  until(async () => ((await capacity()).processes?.length ?? 1) === processes, { timeoutMs: 30_000 });

/** The process that holds a journal, as its lock says. */
async function holderOf(number: number): Promise<number> {
  const folder = number === 1 ? node().journal : join(node().journal, String(number));
  const lock = await readFile(join(folder, 'earshot.lock'), 'utf8').catch(() => '0');
  return Number(lock.split(' ')[0]);
}

async function newSpeaker(seconds: number, speed: number): Promise<Speaker> {
  const { sessionId, uploadUrl } = await api.create(soon());
  const seed = random.between(1, 1e9);
  return new Speaker({
    sessionId,
    seed,
    format: rawFormat,
    samples: seconds * RATE,
    speed,
    random: random.fork(sessionId),
    url: () => uploadUrl,
  });
}

const newSpeakers = (count: number, seconds: number, speed: number): Promise<Speaker[]> =>
  Promise.all(Array.from({ length: count }, () => newSpeaker(seconds, speed)));

/** Everything that is wrong with sessions after their End: with what they were promised, and with what is stored. */
async function findings(speakers: readonly Speaker[]): Promise<string[]> {
  const seeds = speakers.map(({ options }) => options.seed);
  const verdicts = await Promise.all(
    speakers.map(async (speaker) => {
      const { sessionId } = speaker.options;
      await api.end(sessionId, soon());
      return judgeSession(earshot, { speaker, status: await api.result(sessionId, soon()), seeds });
    }),
  );
  return verdicts.flatMap((verdict) => verdict.findings);
}

const rootOf = (speaker: Speaker): string =>
  keys.sessionRoot({ tenant: 'default', sessionId: speaker.options.sessionId });

describe('ingest with several processes behind one port', () => {
  it('spreads streams over them, and answers for all of them in one place', async () => {
    await start(3);
    const speakers = await newSpeakers(18, 8, 1);
    const spoken = speakers.map((speaker) => speaker.speak(soon()));
    await until(async () => (await capacity()).live === 18, { timeoutMs: 20_000 });
    const shares = (await capacity()).processes?.map(({ live }) => live) ?? [];
    expect(shares.reduce((sum, live) => sum + live, 0)).toBe(18);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(2);
    const page = await ask('/metrics');
    const live = [...page.matchAll(/^earshot_streams_live\{[^}]*process="(\d)"[^}]*\} (\d+)$/gm)];
    expect(live.map(([, process]) => process).sort()).toEqual(['1', '2', '3']);
    expect(live.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(18);
    expect(page.match(/^# TYPE earshot_streams_live /gm)).toHaveLength(1);
    await Promise.all(spoken);
    expect(await findings(speakers)).toEqual([]);
  }, 120_000);

  it('passes a client that connects again to the process that has its session', async () => {
    await start(3);
    const speaker = await newSpeaker(60, 4);
    const spoken = speaker.speak(soon());
    for (let drops = 0; drops < 6; drops += 1) {
      const mark = speaker.durable;
      await until(() => speaker.durable > mark + RATE, { timeoutMs: 20_000 });
      speaker.hangUp();
      await sleep(300);
    }
    await spoken;
    expect(await findings([speaker])).toEqual([]);
    const { segments } = await readStoredSession(earshot.store, rootOf(speaker), 'completed');
    // Another process would have stored what it took over from, as a short segment.
    const lengths = [...segments]
      .sort((a, b) => a.index - b.index)
      .map(({ samples }) => samples.length / RATE);
    for (const seconds of lengths.slice(0, -1)) expect(seconds).toBeGreaterThanOrEqual(10);
  }, 120_000);

  it('loses nothing when one of them is killed under live streams, and starts it again', async () => {
    await start(3);
    const speakers = await newSpeakers(9, 20, 2);
    const spoken = Promise.all(speakers.map((speaker) => speaker.speak(soon(90_000))));
    const before = await holderOf(2);
    for (let kills = 0; kills < 2; kills += 1) {
      const mark = Math.min(...speakers.map(({ durable }) => durable));
      await until(() => Math.min(...speakers.map(({ durable }) => durable)) > mark, { timeoutMs: 20_000 });
      const victim = await holderOf(2);
      process.kill(victim, 'SIGKILL');
      await until(async () => ![victim, 0].includes(await holderOf(2)), { timeoutMs: 20_000 });
      await allReady(3);
    }
    expect(await holderOf(2)).not.toBe(before);
    await spoken;
    expect(await findings(speakers)).toEqual([]);
  }, 180_000);

  it('keeps the audio of processes that are no more when there are fewer than before', async () => {
    await start(3);
    const speakers = await newSpeakers(9, 40, 2);
    const spoken = speakers.map((speaker) => speaker.speak(soon()));
    await until(() => speakers.every(({ durable }) => durable > 4 * RATE), { timeoutMs: 30_000 });
    await node().process.kill();
    for (const speaker of speakers) speaker.leave();
    await Promise.all(spoken);
    node().env['EARSHOT_INGEST_PROCESSES'] = '1';
    await node().process.start();
    expect((await capacity()).processes).toBeUndefined();
    expect(await findings(speakers)).toEqual([]);
    await node().process.terminate();
    await node().process.start();
    await until(() => !existsSync(join(node().journal, '2')) && !existsSync(join(node().journal, '3')), {
      timeoutMs: 10_000,
    });
  }, 180_000);

  it('drains all of them on SIGTERM, and leaves with 0', async () => {
    await start(2);
    const speakers = await newSpeakers(4, 10, 1);
    const spoken = speakers.map((speaker) => speaker.speak(soon()));
    await until(() => speakers.every(({ durable }) => durable > RATE), { timeoutMs: 30_000 });
    expect(await node().process.terminate()).toBe(0);
    await node().process.start();
    await Promise.all(spoken);
    expect(await findings(speakers)).toEqual([]);
  }, 120_000);

  it('does not start when one of them cannot', async () => {
    await start(2);
    await node().process.terminate();
    const env = { ...process.env, ...node().env, EARSHOT_OBJECT_STORE: 'file:/dev/null/objects' };
    const main = join(workspaceRoot, 'services', 'ingest', 'dist', 'main.js');
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString('utf8');
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(said).toContain('could not start');
  }, 60_000);
});
