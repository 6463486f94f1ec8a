import { resumeTimes, type SessionHistory } from '../history/history.ts';
import { startBalancer } from '../network/balancer.ts';
import type { FaultClass, FaultFigures } from '../runner/fault-class.ts';
import { quantile } from './quantile.ts';
import { type Scene, storm } from './storm.ts';

/** Three nodes behind a balancer, stopped in order and started again one after the other under 50 live streams. */
export const rollingRestart: FaultClass = {
  name: 'rolling-restart',
  ciCount: 3,
  fullCount: 60,
  run: async (run) => {
    let turn = 0;
    let unclean = 0;
    const closes = new Map<number, number>();
    const restart = async ({ earshot }: Scene): Promise<number> => {
      const node = earshot.ingest[turn++ % earshot.ingest.length];
      if ((await node?.process.terminate()) !== 0) unclean += 1;
      await node?.process.start();
      return 1;
    };
    const figures = await storm({
      name: 'rolling-restart',
      run,
      earshot: { nodes: 3 },
      speakers: 50,
      seconds: [20, 60],
      speed: 2,
      calmMs: [1500, 3000],
      entry: async ({ ingest }) => {
        const balancer = await startBalancer(ingest.map((node) => node.port));
        return { http: balancer.port, sockets: balancer.port, stop: () => balancer.stop() };
      },
      inject: restart,
      notes: (histories) => {
        for (const code of histories.flatMap(closeCodes)) closes.set(code, (closes.get(code) ?? 0) + 1);
        const times = histories.flatMap(({ events }) => resumeTimes(events));
        const codes = [...closes].map(([code, count]) => `${code} ${count} times`).join(', ');
        return `${times.length} resumed, from loss to the next durable ack p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms, closed with ${codes}, ${unclean} nodes did not stop in order`;
      },
    });
    return withForeignCloses(figures, closes, { unclean, log: run.log });
  },
};

/** Codes by which connections ended that had begun, before the session's End. */
function closeCodes({ events }: SessionHistory): number[] {
  const begun = new Set(events.flatMap((event) => (event.kind === 'ready' ? [event.connection] : [])));
  const end = events.findIndex((event) => event.kind === 'ended');
  return events
    .slice(0, end < 0 ? undefined : end)
    .flatMap((event) => (event.kind === 'closed' && begun.has(event.connection) ? [event.code] : []));
}

/** A client must see nothing but 1012 (1000 after its own stop); anything else counts as a session that did not go as it should. */
function withForeignCloses(
  figures: FaultFigures,
  closes: ReadonlyMap<number, number>,
  { unclean, log }: { unclean: number; log: (line: string) => void },
): FaultFigures {
  const foreign = [...closes].filter(([code]) => ![0, 1000, 1012].includes(code));
  const count = foreign.reduce((sum, [, times]) => sum + times, 0);
  for (const [code, times] of foreign) log(`rolling-restart: ${times} connections were closed with ${code}`);
  return { ...figures, stuck: figures.stuck + count + unclean };
}
