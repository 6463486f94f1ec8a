import type { SegmenterOptions } from '@earshot/audio';
import type { Journal } from '@earshot/journal';
import type { StorageSlots } from './archive/storage-slots.ts';
import type {
  IntakeIndex,
  IntakeLimits,
  IntakeLog,
  IntakeMetrics,
  IntakeSessions,
  IntakeTime,
  SegmentStore,
} from './ports.ts';

/** How tracks are cut; the segmenter's own defaults where left out. */
export type CutSettings = Pick<SegmenterOptions, 'policy' | 'minSeconds' | 'maxSeconds' | 'minPauseMs'>;

/** What all sessions of one node share. */
export interface IntakeContext {
  readonly journal: Journal;
  readonly sessions: IntakeSessions;
  readonly index: IntakeIndex;
  readonly store: SegmentStore;
  readonly slots: StorageSlots;
  readonly time: IntakeTime;
  readonly log: IntakeLog;
  readonly metrics: IntakeMetrics;
  readonly limits: IntakeLimits;
  readonly cut: CutSettings;
  /** Name of this node in leases; the same after a restart. */
  readonly node: string;
}
