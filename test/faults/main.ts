import { randomInt } from 'node:crypto';
import { faultClasses } from './registry.ts';
import { readOptions } from './runner/options.ts';
import { figuresLine, keepRows, readReport, table, writeReport } from './runner/report.ts';
import { passed, runClasses } from './runner/runner.ts';

/** The fault run: `node test/dist/faults/main.js [--full] [--only class,class] [--count N] [--seed S] [--merge]`. */
const options = readOptions(process.argv.slice(2), randomInt(0x7fff_ffff));
const began = performance.now();
const log = (line: string): void => {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(7);
  process.stderr.write(`${seconds} s  ${line}\n`);
};
const rows = await runClasses(faultClasses, options, log);
await writeReport(keepRows(await readReport(), rows, { classes: faultClasses, ...options }));
process.stdout.write(`${table(rows)}\n${figuresLine(rows)}\n`);
process.exit(rows.every(passed) ? 0 : 1);
