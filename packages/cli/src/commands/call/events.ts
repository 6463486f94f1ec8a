import { onInterrupt } from '../../terminal/interrupt.ts';
import { connectCalls, type Setting } from '../setting.ts';
import { chosenLine, type LineOptions } from './chosen-call.ts';

export interface EventsOptions extends LineOptions {
  readonly after?: string;
  readonly count?: number;
  /** All lines of the tenant, and its sessions. */
  readonly all?: boolean;
}

/** Prints what happens, one event a line: place, time, type, data; until so many came or the user interrupts. */
export async function followEvents(setting: Setting, options: EventsOptions): Promise<void> {
  const client = await connectCalls(setting, options);
  const { after, count = Number.POSITIVE_INFINITY, all = false } = options;
  const over = new AbortController();
  const release = onInterrupt(() => over.abort());
  const wanted = {
    signal: over.signal,
    ...(all ? {} : { line: await chosenLine(client, options) }),
    ...(after === undefined ? {} : { after }),
  };
  let seen = 0;
  try {
    for await (const event of client.events(wanted)) {
      if (event.kind === 'reset') {
        setting.stderr.write('events before this are not kept any more\n');
        continue;
      }
      const { type, createdAt, data } = event.event;
      setting.stdout.write(`${event.place}  ${createdAt}  ${type}  ${JSON.stringify(data)}\n`);
      seen += 1;
      if (seen >= count) return;
    }
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    release();
  }
}
