import { readFileSync } from 'node:fs';
import { ERRORS, LIMITS, StreamEvent } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { closingForHalt } from '../closing.ts';

const url = new URL('../../../../../../infra/protocol/earshot-v1.md', import.meta.url);
const document = readFileSync(url, 'utf8');
const table = (heading: string): string =>
  document.slice(document.indexOf(`## ${heading}`)).split('\n## ', 1)[0] ?? '';

describe('the document of earshot.v1', () => {
  it('shows events as they are sent', () => {
    const shown = [...document.matchAll(/^< (\{.*\})$/gm)].map(
      ([, text = '']) => JSON.parse(text) as unknown,
    );
    expect(shown.length).toBeGreaterThan(8);
    for (const event of shown) expect(StreamEvent.safeParse(event)).toMatchObject({ success: true });
  });

  it('lists every event, and none else', () => {
    const rows = [...table('Events').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(StreamEvent.options.map((event) => event.shape.event.value).sort());
  });

  it('lists every code that a stream is closed with', () => {
    const codes = new Set<string>(Object.values(ERRORS).map(({ closeCode }) => String(closeCode)));
    codes.add(String(closingForHalt('end').code));
    for (const code of codes) expect(table('Close codes')).toContain(code);
  });

  it('names limits as they are', () => {
    expect(document).toContain(`every ${LIMITS.streamAckIntervalMs} ms`);
    expect(document).toContain(`${LIMITS.streamResumeMs / 1000} seconds`);
    expect(document).toContain(`at most ${LIMITS.maxDigestedBytes / 1_048_576} MiB`);
    expect(LIMITS.streamIdleMs).toBe(5 * 60_000);
  });
});
