import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultClass, FaultFigures } from './fault-class.ts';
import { CI_SEED, readOptions } from './options.ts';
import { seededRandom } from './random.ts';
import { figuresLine, keepRows, readReport, table, writeReport } from './report.ts';
import { passed, runClasses } from './runner.ts';

const clean = { samplesLost: 0, samplesDoubled: 0, stuck: 0, falseAcks: 0 };

function classOf(name: string, figures: Partial<FaultFigures> = {}): FaultClass {
  const run: FaultClass['run'] = ({ count }) =>
    Promise.resolve({ class: name, injected: count, ...clean, ...figures });
  return { name, ciCount: 3, fullCount: 30, run };
}

const skipping: FaultClass = {
  ...classOf('skipping'),
  run: () => Promise.resolve({ class: 'skipping', skipped: 'mounting is not allowed here' }),
};
const broken: FaultClass = { ...classOf('broken'), run: () => Promise.reject(new Error('no redis-server')) };
const run = (classes: readonly FaultClass[], ...args: string[]) =>
  runClasses(classes, readOptions(args, 5), () => undefined);

describe('a fault run', () => {
  it('asks each class for its share, or for what the command line says', async () => {
    const injected = async (...args: string[]) =>
      (await run([classOf('a')], ...args)).map((row) => row.asked);
    expect(await injected()).toEqual([3]);
    expect(await injected('--full')).toEqual([30]);
    expect(await injected('--count', '8')).toEqual([8]);
  });

  it('passes only when all figures are 0 and the count was reached', async () => {
    const outcomes = await run([
      classOf('good'),
      classOf('lossy', { samplesLost: 1 }),
      classOf('doubled', { samplesDoubled: 1 }),
      classOf('stuck', { stuck: 1 }),
      classOf('lying', { falseAcks: 1 }),
      classOf('lazy', { injected: 2 }),
      broken,
      skipping,
    ]);
    expect(outcomes.filter(passed).map((row) => row.class)).toEqual(['good', 'skipping']);
  });

  it('runs only what it is told to, and refuses names that it does not know', async () => {
    const classes = [classOf('a'), classOf('b'), classOf('c')];
    expect((await run(classes, '--only', 'c,a')).map((row) => row.class)).toEqual(['a', 'c']);
    await expect(run(classes, '--only', 'd')).rejects.toThrow('there is no class d');
  });

  it('refuses counts and seeds that are no whole numbers', () => {
    expect(() => readOptions(['--count', '1.5'], 1)).toThrow('--count');
    expect(() => readOptions(['--seed', 'x'], 1)).toThrow('--seed');
    expect(() => readOptions(['--wat'], 1)).toThrow();
    expect(readOptions(['--seed', '9'], 1).seed).toBe(9);
    expect(readOptions(['--full'], 1).seed).toBe(1);
    expect(readOptions([], 1).seed).toBe(CI_SEED);
  });
});

describe('the report', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-report-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('ends in one line of JSON with the figures of what ran', async () => {
    const rows = await run([classOf('a', { stuck: 2, notes: 'n' }), skipping, broken]);
    expect(JSON.parse(figuresLine(rows))).toEqual({
      faults: [{ class: 'a', injected: 3, samplesLost: 0, samplesDoubled: 0, stuck: 2, falseAcks: 0 }],
    });
  });

  it('names skipped and failed classes with their reason', async () => {
    const text = table(await run([skipping, broken]));
    expect(text).toContain('skipped: mounting is not allowed here');
    expect(text).toContain('could not run: Error: no redis-server');
  });

  it('keeps rows of an earlier run for classes that were not run again', async () => {
    const file = join(folder, 'report.md');
    expect(await readReport(file)).toEqual([]);
    const classes = [classOf('a'), classOf('b', { notes: 'measured --> something' })];
    await writeReport(await run(classes), file);
    const rows = await run(classes, '--only', 'a', '--count', '12');
    const kept = async (full: boolean, merge: boolean) =>
      keepRows(await readReport(file), rows, { classes, full, merge }).map((row) => [row.class, row.asked]);
    expect(await kept(false, true)).toEqual([
      ['a', 12],
      ['b', 3],
    ]);
    expect(await kept(false, false)).toEqual([['a', 12]]);
    expect(await readFile(file, 'utf8')).toContain('- b, ci: measured --> something');
  });

  it("keeps the full run's rows when CI's share is run", async () => {
    const file = join(folder, 'shares.md');
    const classes = [classOf('a'), classOf('b')];
    await writeReport(await run(classes, '--full'), file);
    const rows = keepRows(await readReport(file), await run(classes), { classes, full: false, merge: false });
    expect(rows.map((row) => [row.class, row.share])).toEqual([
      ['a', 'full'],
      ['a', 'ci'],
      ['b', 'full'],
      ['b', 'ci'],
    ]);
  });
});

describe('seeded chance', () => {
  it('repeats itself, also after a fork, and differs between seeds and labels', () => {
    const draw = (seed: number, label: string) => {
      const random = seededRandom(seed).fork(label);
      return Array.from({ length: 5 }, () => random.between(0, 1_000_000));
    };
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
  });

  it('covers its whole range', () => {
    const random = seededRandom(3);
    const seen = new Set(Array.from({ length: 500 }, () => random.between(2, 6)));
    expect([...seen].sort()).toEqual([2, 3, 4, 5, 6]);
  });
});
