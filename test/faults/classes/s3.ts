import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Trouble } from '../network/s3-front.ts';
import type { FaultClass } from '../runner/fault-class.ts';
import type { Random } from '../runner/random.ts';
import { openS3Scene, type S3Scene } from './s3-scene.ts';
import { storm } from './storm.ts';

/** The object store is gone for a while: the server is killed, or its front hangs up on everybody. */
export const s3Outage: FaultClass = s3Class('s3-outage', async (scene, random) => {
  if (scene.minio === undefined) scene.front.trouble = () => ({ kind: 'cut-before' });
  else await scene.minio.kill();
  await sleep(random.between(500, 3000));
  await scene.minio?.restart();
  scene.front.trouble = undefined;
  return true;
});

/** A fifth of all requests is answered with 500 or 503. */
export const s3Errors: FaultClass = s3Class('s3-errors', (scene, random) =>
  troubleFor(scene, random, () => (random.chance(0.2) ? random.pick(FAILURES) : undefined)),
);

/** Connections are cut after a write took effect, or before. */
export const s3Cut: FaultClass = s3Class('s3-cut', (scene, random) =>
  troubleFor(scene, random, (method) => {
    if (random.chance(0.7)) return undefined;
    return { kind: method === 'PUT' && random.chance(0.8) ? 'cut-after' : 'cut-before' };
  }),
);

/** Success that is none: another checksum, an error document under a 200, half a body. */
export const s3Lies: FaultClass = s3Class('s3-lies', (scene, random) =>
  troubleFor(scene, random, (method) => {
    if (random.chance(0.7)) return undefined;
    if (method === 'GET') return { kind: 'short-body' };
    return method === 'PUT' ? { kind: random.pick(['wrong-checksum', 'false-success']) } : undefined;
  }),
);

const FAILURES: readonly S3Trouble[] = [
  { kind: 'error', status: 503, code: 'SlowDown' },
  { kind: 'error', status: 500, code: 'InternalError' },
  { kind: 'error', status: 503, code: 'ServiceUnavailable' },
];

/** A job may wait five minutes for its next attempt when all before it failed. */
const SETTLE_MS = 420_000;

function s3Class(name: string, disturb: (scene: S3Scene, random: Random) => Promise<boolean>): FaultClass {
  return {
    name,
    ciCount: 1,
    fullCount: 100,
    run: async (run) => {
      const scene = await openS3Scene();
      try {
        return await storm({
          name,
          run,
          earshot: { storage: scene.storage },
          speakers: 6,
          seconds: [12, 30],
          speed: 10,
          settleMs: SETTLE_MS,
          calmMs: run.count === 1 ? [1500, 2500] : [100, 800],
          inject: async ({ random }) => ((await disturb(scene, random)) ? 1 : 0),
          notes: () =>
            `${scene.minio === undefined ? 'stand-in' : 'MinIO'}, ${scene.front.troubled()} requests hit`,
        });
      } finally {
        await scene.stop();
      }
    },
  };
}

/** True when at least one request was hit. */
async function troubleFor(
  { front }: S3Scene,
  random: Random,
  trouble: (method: string) => S3Trouble | undefined,
): Promise<boolean> {
  const before = front.troubled();
  front.trouble = trouble;
  await sleep(random.between(500, 2000));
  front.trouble = undefined;
  return front.troubled() > before;
}
