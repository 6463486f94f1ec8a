import { readdirSync, readFileSync } from 'node:fs';
import { createResampler } from '@earshot/audio';
import { createStreamDecoder, type FormatEvent } from '@earshot/dialects';
import { LIMITS } from '@earshot/protocol';
import { z } from 'zod';
import type { Sent } from './stream-bench.ts';

const fixtures = new URL('../../../../../../packages/dialects/fixtures/', import.meta.url);

const Line = z
  .union([
    z.object({ binary: z.literal(false), text: z.string() }),
    z.object({ binary: z.literal(true), base64: z.string() }),
  ])
  .transform((line): Sent => (line.binary ? Buffer.from(line.base64, 'base64') : line.text));

/** Tapes of what platforms send. */
export const tapeNames = readdirSync(new URL('golden/', fixtures))
  .filter((file) => file.endsWith('.jsonl') && !file.includes('refused'))
  .map((file) => file.slice(0, -'.jsonl'.length));

export function readTape(name: string): Sent[] {
  const lines = readFileSync(new URL(`golden/${name}.jsonl`, fixtures), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => Line.parse(JSON.parse(line)));
}

const WayBack = z.object({
  opening: z.array(z.string()),
  options: z.object({ encoding: z.string(), sampleRate: z.int() }).partial(),
  sampleRate: z.int(),
  messages: z.object({ clear: z.array(Line), hangup: Line.nullable() }),
});

/** Openings of platforms that can be answered, and how their clear and hang-up look. */
export const wayBackNames = readdirSync(new URL('way-back/', fixtures)).map((file) =>
  file.slice(0, -'.json'.length),
);

export function readWayBack(name: string): z.infer<typeof WayBack> {
  return WayBack.parse(JSON.parse(readFileSync(new URL(`way-back/${name}.json`, fixtures), 'utf8')));
}

/** Wavix says nothing of its format; this is the one on its tapes. */
export const WAVIX = { encoding: 'audio/x-l16', sampleRate: 24_000 };

/** What the peer said on a tape, at the rate of calls, and whether the tape says stop. */
export function spokenOn(tape: readonly Sent[]): { samples: number[]; stops: boolean; format: FormatEvent } {
  const decoder = createStreamDecoder({ live: true, wavixFormat: WAVIX });
  const messages = tape.map((message) =>
    typeof message === 'string'
      ? { binary: false, data: new TextEncoder().encode(message) }
      : { binary: true, data: message },
  );
  const events = [...messages.flatMap((message) => decoder.push(message)), ...decoder.end()];
  const format = events.find((event) => event.type === 'format');
  if (format === undefined) throw new Error('the tape tells no format');
  const resampler = createResampler(format.sampleRate, LIMITS.callSampleRate);
  const samples: number[] = [];
  for (const event of events) {
    if (event.type === 'audio' && event.frame.track !== 'outbound')
      samples.push(...resampler.push(event.frame.samples));
    // What came before a hole is complete before the hole.
    else if (event.type === 'gap') samples.push(...resampler.flush());
  }
  samples.push(...resampler.flush());
  return { samples, stops: events.some((event) => event.type === 'stop'), format };
}
