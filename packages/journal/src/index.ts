export { createNodeDisk, systemJournalTime } from './disk/node-disk.ts';
export type { DiskFile, JournalDisk, JournalTime } from './disk.ts';
export { JournalDamaged, JournalFenced, JournalVersionRefused } from './errors.ts';
export type {
  Durability,
  Journal,
  JournalDeps,
  JournalFigures,
  JournalRange,
  JournalSettings,
  JournalState,
  JournalStream,
  OpenJournal,
  RecoveredStream,
  Recovery,
} from './journal.ts';
export { openJournal } from './open.ts';
