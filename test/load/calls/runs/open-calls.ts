import type { CallsApi } from '../client/calls-api.ts';

/** Calls that are placed and ended at once; a whole load at once would measure the placing. */
const AT_ONCE = 8;

/** Does something for each item, a few at once, and resolves to all that came of it. */
export async function inGroups<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    done.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return done;
}

/** Places calls to peers that stamp what they say; resolves to their ids when all are active. */
export async function placeCalls(api: CallsApi, count: number): Promise<string[]> {
  return inGroups(Array.from({ length: count }), () => api.place('loop:stamp'));
}
