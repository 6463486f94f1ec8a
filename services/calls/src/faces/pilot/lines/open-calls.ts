import { LIMITS, type LineRecord } from '@earshot/protocol';
import type { Calls } from '../../../ports.ts';

/** Whether a line has a call that has not ended: looked for among all that are not older than a call can be. */
export async function hasOpenCalls(
  calls: Pick<Calls, 'list'>,
  { tenant, lineId }: LineRecord,
  now: Date,
): Promise<boolean> {
  const longestMs = (LIMITS.maxCallSeconds + LIMITS.callRingSeconds) * 1000;
  const oldest = new Date(now.getTime() - longestMs).toISOString();
  let before: string | null = null;
  for (;;) {
    const page: Awaited<ReturnType<Calls['list']>> = await calls.list({
      tenant,
      lineId,
      limit: LIMITS.maxPageSize,
      before,
    });
    if (page.some(({ state }) => state !== 'ended')) return true;
    const last = page.at(-1);
    if (last === undefined || last.createdAt < oldest) return false;
    before = last.createdAt;
  }
}
