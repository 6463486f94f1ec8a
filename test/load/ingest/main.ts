import { availableParallelism } from 'node:os';
import { Fleet } from './generator/fleet.ts';
import { PARTS, type Part, readBenchOptions } from './options.ts';
import { capacityPart, memoryPart, processesPart } from './parts/capacity-parts.ts';
import type { PartContext } from './parts/context.ts';
import { indexPart, longSessionPart, overheadPart, uploadsPart } from './parts/session-parts.ts';
import { streamsPart } from './parts/stream-parts.ts';
import { type Findings, figuresLine } from './report/figures.ts';
import { ceilingText, writeBenchReport } from './report/report.ts';
import { measureCeiling } from './runs/streams/ceiling.ts';
import { usualStore } from './servers/storage.ts';

const MEASURE: Readonly<Record<Part, (context: PartContext) => Promise<Findings>>> = {
  streams: streamsPart,
  capacity: capacityPart,
  memory: memoryPart,
  processes: processesPart,
  uploads: uploadsPart,
  'long-session': longSessionPart,
  overhead: overheadPart,
  index: indexPart,
};
const NEEDS_LOAD: readonly Part[] = ['streams', 'capacity', 'memory', 'processes'];

/** Where a quick run begins no further part, ms; the longest one then ends within three minutes. */
const QUICK_MS = 150_000;

const say = (line: string): void => {
  process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${line}\n`);
};

/** A quick run on a machine that is busy with other things ends in time all the same. */
const isLate = (): boolean => options.quick && performance.now() > QUICK_MS;

function leftOut(part: Part): Findings {
  return { figures: [], text: [], leftOut: [`${part}: no time was left, since the machine was busy`] };
}

/** A part that cannot be measured is left out with the reason; the others go on. */
async function measure(part: Part, context: PartContext): Promise<Findings> {
  try {
    return await MEASURE[part](context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`${part} could not be measured: ${reason}`);
    return { figures: [], text: [], leftOut: [`${part}: could not be measured: ${reason}`] };
  }
}

/** The bench of ingest: `node test/dist/load/ingest/main.js [--quick] [--only part,part] …`; its last line is JSON. */
const args = process.argv.slice(2);
const options = readBenchOptions(args);
// A quick run does without MinIO: what it asks of a small machine makes each stream slow to open.
const store = options.store ?? (options.quick ? 'folder' : await usualStore());
const fleet = await Fleet.start(Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2))));
const needsLoad = NEEDS_LOAD.some((part) => options.parts.has(part));
const ceiling = needsLoad
  ? await measureCeiling(fleet, { streams: options.streams, ms: options.quick ? 1500 : 5000 })
  : undefined;
if (ceiling !== undefined) say(ceilingText(ceiling));
const findings: Findings[] = [];
for (const part of PARTS) {
  if (!options.parts.has(part)) continue;
  findings.push(isLate() ? leftOut(part) : await measure(part, { options, fleet, store, say }));
  for (const { name, value, unit } of findings.at(-1)?.figures ?? []) say(`  ${name} ${value} ${unit}`);
}
say('done');
await fleet.stop();
const command = ['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' ');
const report = await writeBenchReport({ command, store, ceiling, findings }, options.keep);
process.stdout.write(`${report}\n\n${figuresLine(findings.flatMap(({ figures }) => figures))}\n`);
process.exit(0);
