import type { FaultClass } from '../runner/fault-class.ts';
import { journalBitFlips } from './classes/bit-flips.ts';
import { journalCrashStates } from './classes/crash-states.ts';
import { journalIoErrors } from './classes/io-errors.ts';
import { powerCuts } from './classes/power-cuts.ts';
import { journalSyscallErrors } from './classes/syscall-errors.ts';

/** Everything that can go wrong with the disk under a journal. */
export const diskFaults: readonly FaultClass[] = [
  journalCrashStates,
  journalIoErrors,
  journalSyscallErrors,
  journalBitFlips,
  powerCuts,
];
