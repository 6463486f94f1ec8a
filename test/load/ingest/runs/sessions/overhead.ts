import { createCutter, encodePcm16le } from '@earshot/audio';
import { speechLike } from '../../generator/speech-like.ts';
import { callApi, createSession, endSession, feedSession } from '../../servers/api-calls.ts';
import { type EarshotNode, startEarshotNode } from '../../servers/earshot-node.ts';
import type { StoreKind } from '../../servers/storage.ts';

/** From End to the finished transcript of sessions whose engine answers at once, ms. */
export interface OverheadResult {
  readonly segments: number;
  readonly elapsedMs: readonly number[];
}

const SEGMENTS = 12;
const SAMPLE_RATE = 16_000;
/** Enough for that many segments of any length. */
const SECONDS = SEGMENTS * 25;
const PATIENCE_MS = 60_000;

/** One session after the other, on one ingest and one worker with the usual settings. */
export async function measureOverhead(plan: {
  readonly store: StoreKind;
  readonly sessions: number;
}): Promise<OverheadResult> {
  const node = await startEarshotNode({ store: plan.store, workers: 1 });
  const audio = encodePcm16le(wholeSegments(speechLike(SAMPLE_RATE, SECONDS)));
  const elapsedMs: number[] = [];
  try {
    // The first sessions pay for connections and compilation.
    for (let session = -2; session < plan.sessions; session += 1) {
      const elapsed = await oneSession(node, audio);
      if (session >= 0) elapsedMs.push(elapsed);
    }
    return { segments: SEGMENTS, elapsedMs };
  } finally {
    await node.stop();
  }
}

/** The samples that make up the first segments, wherever the cutter cuts them. */
function wholeSegments(samples: Int16Array): Int16Array {
  const cuts = createCutter({ sampleRate: SAMPLE_RATE }).push(samples);
  const last = cuts[SEGMENTS - 1];
  if (last === undefined) throw new Error(`the cutter made ${cuts.length} segments`);
  return samples.subarray(0, last.firstSample + last.samples);
}

async function oneSession(node: EarshotNode, audio: Uint8Array): Promise<number> {
  const { sessionId } = await createSession(node);
  await feedSession(node, sessionId, { contentType: 'audio/l16;rate=16000', chunks: () => [audio] });
  const before = node.earshot.engine.calls();
  const began = performance.now();
  await endSession(node, sessionId);
  for (;;) {
    const { status } = await callApi(node, `/sessions/${sessionId}?wait=10`);
    if (status === 200) break;
    if (status !== 202) throw new Error(`a session ended with ${status}`);
    if (performance.now() - began > PATIENCE_MS) throw new Error('a transcript did not come');
  }
  const elapsed = performance.now() - began;
  const heard = node.earshot.engine.calls() - before;
  if (heard !== SEGMENTS) throw new Error(`the engine was asked ${heard} times, not ${SEGMENTS}`);
  return elapsed;
}
