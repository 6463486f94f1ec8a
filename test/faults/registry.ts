import { killNine } from './classes/kill-nine.ts';
import type { FaultClass } from './runner/fault-class.ts';

/** Every class, in the order in which they run and are reported. */
export const faultClasses: readonly FaultClass[] = [killNine];
