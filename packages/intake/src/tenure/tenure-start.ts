import type { JournalStream } from '@earshot/journal';
import type { Gap } from '@earshot/protocol';
import type { TrackPosition } from '@earshot/sessions';
import type { Transport } from '../ports.ts';

/** What a tenure begins with. */
export interface TenureStart {
  readonly stream: JournalStream;
  readonly tracks: readonly TrackPosition[];
  readonly startedAt: string;
  readonly transport: Transport;
  readonly gaps?: readonly Gap[];
  /** The first epoch that was fed here, when an earlier process began. */
  readonly fromEpoch?: number;
}
