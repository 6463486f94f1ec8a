import type { StreamRecord } from '@earshot/protocol';

/** The epochs of `claimed` that no record accounts for: somebody may still hold audio of them. */
export function unrecorded(
  claimed: readonly number[],
  records: readonly Pick<StreamRecord, 'epoch' | 'fromEpoch'>[],
): number[] {
  return claimed.filter(
    (epoch) =>
      !records.some((record) => (record.fromEpoch ?? record.epoch) <= epoch && epoch <= record.epoch),
  );
}
