import { connectionDrops } from './classes/connection-drops.ts';
import { ends } from './classes/ends.ts';
import { killNine } from './classes/kill-nine.ts';
import { redisDown, redisFlush, redisRollback } from './classes/redis.ts';
import { rollingRestart } from './classes/rolling-restart.ts';
import { s3Cut, s3Errors, s3Lies, s3Outage } from './classes/s3.ts';
import { diskFaults } from './disk/index.ts';
import type { FaultClass } from './runner/fault-class.ts';
import { simulator } from './simulation/index.ts';

/** Every class, in the order in which they run and are reported. */
export const faultClasses: readonly FaultClass[] = [
  killNine,
  ...diskFaults,
  simulator,
  connectionDrops,
  s3Outage,
  s3Errors,
  s3Cut,
  s3Lies,
  redisDown,
  redisFlush,
  redisRollback,
  rollingRestart,
  ends,
];
