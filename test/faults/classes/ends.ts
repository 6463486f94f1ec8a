import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, apiOf, type Deadline } from '../client/api.ts';
import { Speaker } from '../client/speaker.ts';
import { rawFormat } from '../client/wire-format.ts';
import { sumOf, type Verdict } from '../history/judge.ts';
import { type Earshot, startEarshot } from '../processes/earshot.ts';
import type { FaultClass, FaultFigures, FaultRun } from '../runner/fault-class.ts';
import { type Random, seededRandom } from '../runner/random.ts';
import { judgeSession } from './storm.ts';

/** Ends that come from elsewhere, too early, too often, before late audio, or while the owner dies. */
export const ends: FaultClass = { name: 'ends', ciCount: 20, fullCount: 200, run: (run) => runEnds(run) };

/** One session on node 0, which is ended in its own way; problems are what the answers to End were not allowed to be. */
interface Scene {
  readonly earshot: Earshot;
  readonly apis: readonly Api[];
  readonly speaker: Speaker;
  readonly random: Random;
  readonly deadline: Deadline;
}
type Scenario = (scene: Scene) => Promise<readonly string[]>;

const AT_ONCE = 4;
const SETTLE_MS = 120_000;
const SPEED = 20;

async function endElsewhere({ apis, speaker, deadline }: Scene): Promise<string[]> {
  await speaker.speak(deadline);
  await apis[1]?.end(speaker.options.sessionId, deadline);
  return [];
}

/** The End overtakes audio that is on its way; what comes after it may be kept or not, but is never out of place. */
async function endEarly(scene: Scene): Promise<string[]> {
  const { apis, speaker, random, deadline } = scene;
  const speaking = speaker.speak(deadline);
  await reached(scene, random.between(32_000, 200_000));
  await random.pick(apis).end(speaker.options.sessionId, deadline);
  await sleep(random.between(0, 200));
  speaker.leave();
  await speaking;
  return [];
}

async function endHundredTimes({ apis, speaker, random, deadline }: Scene): Promise<string[]> {
  await speaker.speak(deadline);
  const { sessionId } = speaker.options;
  const answers = await Promise.all(Array.from({ length: 100 }, () => random.pick(apis).endOnce(sessionId)));
  // A node that is killed meanwhile by another scenario answers nothing, or 503 before it is ready.
  const wrong = answers.filter((status) => ![202, 0, 503].includes(status));
  await apis[0]?.end(sessionId, deadline);
  return wrong.length === 0 ? [] : [`of 100 Ends ${wrong.length} were answered with ${wrong[0] ?? 0}`];
}

async function endThenSpeak({ apis, speaker, random, deadline }: Scene): Promise<string[]> {
  await speaker.speak(deadline);
  const ending = random.pick(apis).end(speaker.options.sessionId, deadline);
  if (random.chance(0.5)) await ending;
  await ending;
  for (let i = 0; i < 20; i += 1) {
    speaker.sendLate(random.between(40, 4000));
    await sleep(2);
  }
  await Promise.race([speaker.connect(deadline), sleep(500)]);
  speaker.sendLate(1600);
  return [];
}

/** The node that holds the stream dies somewhere between the End and its last object. */
async function endThenKill(scene: Scene): Promise<string[]> {
  const { earshot, apis, speaker, random, deadline } = scene;
  const speaking = speaker.speak(deadline);
  await reached(scene, random.between(32_000, 400_000));
  const ending = random.pick(apis).end(speaker.options.sessionId, deadline);
  await sleep(random.between(0, 400));
  const owner = earshot.ingest[0]?.process;
  await owner?.kill();
  await sleep(random.between(0, 1000));
  await owner?.start();
  await ending;
  speaker.leave();
  await speaking;
  return [];
}

const SCENARIOS: readonly Scenario[] = [endElsewhere, endEarly, endHundredTimes, endThenSpeak, endThenKill];

async function runEnds(run: FaultRun): Promise<FaultFigures> {
  const earshot = await startEarshot({ nodes: 2 });
  let failed = true;
  try {
    const random = seededRandom(run.seed);
    const verdicts: Verdict[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < run.count) {
        const turn = next++;
        verdicts.push(await playOne(earshot, turn, random.fork(turn)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const { findings, ...counts } = sumOf(verdicts);
    failed = findings.length > 0;
    for (const finding of findings.slice(0, 20)) run.log(`ends: ${finding}`);
    return { class: 'ends', injected: verdicts.length, ...counts };
  } finally {
    if (failed) run.log(`ends: logs and data are kept in ${earshot.folder.path}`);
    await earshot.stop({ keep: failed });
  }
}

async function playOne(earshot: Earshot, turn: number, random: Random): Promise<Verdict> {
  const by = performance.now() + SETTLE_MS;
  const deadline = (): number => by;
  const apis = earshot.ingest.map(({ port }) => apiOf(() => `http://127.0.0.1:${port}`, earshot.key));
  const [api] = apis;
  const scenario = SCENARIOS[turn % SCENARIOS.length];
  if (api === undefined || scenario === undefined) throw new Error('there is no node');
  const { sessionId, uploadUrl } = await api.create(deadline);
  const speaker = new Speaker({
    sessionId,
    seed: random.seed,
    format: rawFormat,
    samples: random.between(15, 40) * rawFormat.sampleRate,
    speed: SPEED,
    random,
    url: () => uploadUrl,
  });
  const problems = await scenario({ earshot, apis, speaker, random, deadline }).catch((error: unknown) => [
    error instanceof Error ? error.message : String(error),
  ]);
  const status = await random.pick(apis).result(sessionId, deadline);
  speaker.leave();
  const verdict = await judgeSession(earshot, { speaker, status, seeds: [] });
  return {
    ...verdict,
    stuck: verdict.stuck + problems.length,
    findings: [
      ...verdict.findings,
      ...problems.map((problem) => `${sessionId}, ${scenario.name}: ${problem}`),
    ],
  };
}

/** Resolves when the speaker has sent that much, at least two seconds of it durable, or all of it. */
async function reached({ speaker, deadline }: Scene, samples: number): Promise<void> {
  const enough = (): boolean =>
    speaker.durable >= speaker.options.samples || (speaker.sent >= samples && speaker.durable >= 32_000);
  while (!enough() && performance.now() < deadline()) await sleep(2);
}
