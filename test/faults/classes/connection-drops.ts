import { resumeTimes } from '../history/history.ts';
import { type ConnectionFault, startFaultProxy } from '../network/fault-proxy.ts';
import type { FaultClass, FaultFigures, FaultRun } from '../runner/fault-class.ts';
import { type Random, seededRandom } from '../runner/random.ts';
import { quantile } from './quantile.ts';
import { type Scene, type Storm, storm } from './storm.ts';

/** Connections broken at random bytes of either direction, with acks lost, peers that go silent, and storms of reconnects. */
export const connectionDrops: FaultClass = {
  name: 'connection-drops',
  ciCount: 200,
  fullCount: 2000,
  run: (run) => dropConnections(run),
};

/** A second socket for a session that has one; also counts as a fault. */
const STORM_EVERY = 6;

/** `settings` replace what the storm is like. */
export async function dropConnections(run: FaultRun, settings: Partial<Storm> = {}): Promise<FaultFigures> {
  const random = seededRandom(run.seed).fork('connections');
  let drops = 0;
  let seen = 0;
  let storms = 0;
  const wanted = (): boolean => drops + storms < run.count;
  const inject = ({ speaking, random: choices }: Scene): Promise<number> => {
    const before = seen;
    const candidates = [...speaking].filter((speaker) => speaker.sent > 0);
    if (storms * STORM_EVERY < drops && candidates.length > 0 && wanted()) {
      storms += 1;
      const speaker = choices.pick(candidates);
      for (let i = choices.between(1, 3); i > 0; i -= 1) void speaker.connect(() => Number.POSITIVE_INFINITY);
    }
    seen = drops + storms;
    return Promise.resolve(seen - before);
  };
  return storm({
    name: 'connection-drops',
    run,
    speakers: 12,
    seconds: [20, 60],
    speed: 10,
    moving: 0,
    calmMs: [20, 60],
    ...settings,
    entry: async ({ ingest: [node] }) => {
      const proxy = await startFaultProxy({
        target: node?.port ?? 0,
        plan: () => (wanted() ? plannedFault(random) : undefined),
        onDrop: () => {
          drops += 1;
        },
      });
      return { http: node?.port ?? 0, sockets: proxy.port, stop: () => proxy.stop() };
    },
    inject,
    notes: (histories) => {
      const times = histories.flatMap(({ events }) => resumeTimes(events));
      return `${storms} with more sockets at once, from loss to the next durable ack p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms`;
    },
  });
}

/** Mostly soon enough to hit, at any byte of the handshake or of the audio. */
function plannedFault(random: Random): ConnectionFault {
  const up = random.chance(0.65);
  const direction = up ? 'up' : 'down';
  const early = random.chance(0.15);
  const atByte = random.between(1, early ? 400 : up ? 300_000 : 6000);
  const how = random.pick(['reset', 'reset', 'close', 'half-open'] as const);
  const pace = random.next();
  return {
    drop: { direction, atByte, how },
    // Lost acks: the client hears nothing more while the server goes on taking audio.
    ...(up && random.chance(0.3)
      ? { mute: { direction: 'down' as const, atByte: random.between(200, 3000) } }
      : {}),
    ...(pace < 0.1 ? { latencyMs: random.between(1, 40) } : {}),
    ...(pace > 0.95 ? { sliceBytes: 1, drop: { direction, atByte: Math.min(atByte, 20_000), how } } : {}),
    ...(pace > 0.85 && pace <= 0.95 ? { bytesPerSecond: random.between(50_000, 500_000) } : {}),
  };
}
