import { setTimeout as sleep } from 'node:timers/promises';
import { encodeMulaw } from '@earshot/audio';
import { speechLike } from '../../generator/speech-like.ts';
import { createSession, endSession, feedSession } from '../../servers/api-calls.ts';
import { startEarshotNode } from '../../servers/earshot-node.ts';
import { sumMetric } from '../../servers/readings/metrics.ts';
import type { StoreKind } from '../../servers/storage.ts';

/** The End of a session of two hours. */
export interface LongSessionResult {
  /** How long the session's audio took to go in, s. */
  readonly intakeSeconds: number;
  /** Segment jobs that were on the queue. */
  readonly jobs: number;
  /** From the request to its answer, and to all jobs on the queue, ms. */
  readonly answerMs: readonly number[];
  readonly queuedMs: readonly number[];
}

const MINUTES = 120;
const POLL_MS = 10;
const PATIENCE_MS = 60_000;

/** Two hours of mu-law go in at full speed; nobody takes the jobs off the queue, so that they can be counted. */
export async function measureLongSession(plan: {
  readonly store: StoreKind;
  readonly sessions: number;
  readonly nodeArgs: readonly string[];
}): Promise<LongSessionResult> {
  const node = await startEarshotNode({ store: plan.store, nodeArgs: plan.nodeArgs });
  const metrics = async (): Promise<string> => (await fetch(`${node.origin}/metrics`)).text();
  const jobs = async (): Promise<number> =>
    sumMetric(await metrics(), 'earshot_queue_jobs', 'queue="transcribe-segment"');
  const minute = encodeMulaw(speechLike(8000, 60));
  const chunks = (): Uint8Array[] => Array.from({ length: MINUTES }, () => minute);
  const [answerMs, queuedMs]: [number[], number[]] = [[], []];
  let intakeSeconds = 0;
  let queued = 0;
  try {
    for (let session = 0; session < plan.sessions; session += 1) {
      const { sessionId } = await createSession(node);
      const fed = performance.now();
      await feedSession(node, sessionId, { contentType: 'audio/basic', chunks });
      intakeSeconds = (performance.now() - fed) / 1000;
      await node.rest();
      const segments = await node.storedSegments();
      const asked = performance.now();
      await endSession(node, sessionId);
      answerMs.push(performance.now() - asked);
      for (queued = await jobs(); queued < segments; queued = await jobs()) {
        if (performance.now() - asked > PATIENCE_MS) throw new Error('jobs of a long session did not come');
        await sleep(POLL_MS);
      }
      queuedMs.push(performance.now() - asked);
    }
    return { intakeSeconds, jobs: queued / plan.sessions, answerMs, queuedMs };
  } finally {
    await node.stop();
  }
}
