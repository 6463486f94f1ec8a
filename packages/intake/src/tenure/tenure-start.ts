import type { JournalStream } from '@earshot/journal';
import type { Gap } from '@earshot/protocol';
import type { TrackPosition } from '@earshot/sessions';
import type { Relocation } from '../archive/segment-lane.ts';
import type { Transport } from '../ports.ts';

/** What a tenure begins with. */
export interface TenureStart {
  readonly stream: JournalStream;
  readonly tracks: readonly TrackPosition[];
  readonly startedAt: string;
  readonly transport: Transport;
  readonly gaps?: readonly Gap[];
  /** Where an earlier process had to go on behind other audio. */
  readonly relocations?: readonly Relocation[];
  /** The first epoch that was fed here, when an earlier process began. */
  readonly fromEpoch?: number;
}
