import { callApi, createSession, endSession } from '../../servers/api-calls.ts';
import { type EarshotNode, startEarshotNode } from '../../servers/earshot-node.ts';
import { fillWithCopies } from './copies.ts';

/** Calls of the session API whose time must not grow with the number of sessions. */
export const CALLS = ['create', 'get', 'list', 'end'] as const;
type CallName = (typeof CALLS)[number];

/** Times of each call with few and with many sessions in the index, ms. */
export interface IndexResult {
  readonly few: number;
  readonly many: number;
  readonly times: Readonly<
    Record<CallName, { readonly few: readonly number[]; readonly many: readonly number[] }>
  >;
  /** Sessions made per second while the index was filled. */
  readonly filledPerSecond: number;
}

const FEW = 100;
/** Samples that pay for connections and compilation. */
const WARM_UP = 20;

/** Two earshots side by side, one with few sessions and one with many, asked in turn. */
export async function measureIndex(plan: {
  readonly many: number;
  readonly samples: number;
}): Promise<IndexResult> {
  const few = await startEarshotNode({ store: 'folder' });
  const many = await startEarshotNode({ store: 'folder' }).catch(async (error: unknown) => {
    await few.stop();
    throw error;
  });
  const times = {
    create: { few: [] as number[], many: [] as number[] },
    get: { few: [] as number[], many: [] as number[] },
    list: { few: [] as number[], many: [] as number[] },
    end: { few: [] as number[], many: [] as number[] },
  };
  try {
    await fillWithCopies(few, FEW);
    const began = performance.now();
    await fillWithCopies(many, plan.many);
    const filledPerSecond = (1000 * plan.many) / (performance.now() - began);
    for (let sample = -WARM_UP; sample < plan.samples; sample += 1) {
      for (const side of sample % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const)) {
        const taken = await timeCalls(side === 'few' ? few : many);
        if (sample >= 0) for (const call of CALLS) times[call][side].push(taken[call]);
      }
    }
    return { few: FEW, many: plan.many, times, filledPerSecond };
  } finally {
    await few.stop();
    await many.stop();
  }
}

async function timeCalls(node: EarshotNode): Promise<Record<CallName, number>> {
  const { value: created, ms: create } = await timed(() => createSession(node));
  const { ms: get } = await timed(() => callApi(node, `/sessions/${created.sessionId}`));
  const { ms: list } = await timed(() => callApi(node, '/sessions?limit=25'));
  const { ms: end } = await timed(() => endSession(node, created.sessionId));
  return { create, get, list, end };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const value = await work();
  return { value, ms: performance.now() - began };
}
