import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultClass } from '../runner/fault-class.ts';
import { type Scene, storm } from './storm.ts';

/** Redis is killed and stays away for a while. */
export const redisDown: FaultClass = redisClass('redis-down', async ({ earshot, random }) => {
  await earshot.redis.server.kill();
  await sleep(random.between(500, 4000));
  await earshot.redis.server.start();
});

/** Redis is emptied in the middle of everything. */
export const redisFlush: FaultClass = redisClass('redis-flush', async ({ earshot }) => {
  await earshot.redis.flushAll();
});

/** Redis comes back with the files that it had some time ago, as after a restore or a failover. */
export const redisRollback: FaultClass = redisClass('redis-rollback', async ({ earshot, random }) => {
  await earshot.redis.remember();
  await sleep(random.between(300, 3000));
  await earshot.redis.rollBack();
});

function redisClass(name: string, disturb: (scene: Scene) => Promise<void>): FaultClass {
  return {
    name,
    ciCount: 1,
    fullCount: 100,
    run: (run) =>
      storm({
        name,
        run,
        speakers: 6,
        seconds: [12, 30],
        speed: 10,
        calmMs: run.count === 1 ? [1500, 2500] : [200, 1200],
        inject: async (scene) => {
          await disturb(scene);
          return 1;
        },
      }),
  };
}
