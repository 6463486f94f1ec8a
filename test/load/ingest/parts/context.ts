import type { Fleet } from '../generator/fleet.ts';
import type { BenchOptions } from '../options.ts';
import type { StoreKind } from '../servers/storage.ts';

/** What every part of a run is given. */
export interface PartContext {
  readonly options: BenchOptions;
  readonly fleet: Fleet;
  readonly store: StoreKind;
  /** Tells people what is being done. */
  readonly say: (line: string) => void;
}
