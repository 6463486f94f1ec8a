import { Capacity } from './capacity.ts';

/** The worse comes later. */
const STATES = ['ok', 'low', 'full', 'failed'] as const;

/** What several processes take together, from their answers as JSON. What limits one limits all only if all are limited. */
export function sumOfCapacities(answers: readonly string[]): Capacity {
  const all = answers.map((answer) => Capacity.parse(JSON.parse(answer)));
  const [first, ...others] = all;
  if (first === undefined) throw new RangeError('no process told its capacity');
  if (others.length === 0) return first;
  const sum = (of: (capacity: Capacity) => number): number =>
    all.reduce((total, capacity) => total + of(capacity), 0);
  const open = all.some(({ available }) => available > 0);
  return {
    live: sum(({ live }) => live),
    max: sum(({ max }) => max),
    available: sum(({ available }) => available),
    limited_by: open ? null : first.limited_by,
    journal: {
      state: STATES[Math.max(...all.map(({ journal }) => STATES.indexOf(journal.state)))] ?? 'failed',
      free_bytes: Math.min(...all.map(({ journal }) => journal.free_bytes)),
      unsynced_bytes: sum(({ journal }) => journal.unsynced_bytes),
    },
    backlog_bytes: sum(({ backlog_bytes: bytes }) => bytes),
    processes: all.map(({ live, available, limited_by }) => ({ live, available, limited_by })),
  };
}
