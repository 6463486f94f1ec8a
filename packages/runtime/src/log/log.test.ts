import { Writable } from 'node:stream';
import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { createLog, type LogLevel } from './log.ts';

const KEY = `sk_live_${'a1B2'.repeat(12)}Z`;
const STREAM = 'str_0123456789abcdefghijklmnop';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

interface Line {
  readonly [name: string]: unknown;
}

/** The newest line, parsed. */
function lastOf(lines: readonly string[]): Line {
  const line: Line = JSON.parse(lines.at(-1) ?? '{}');
  return line;
}

function capture(level: LogLevel = 'info') {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLog({ service: 'test', level, destination });
  return { log, lines, text: () => lines.join(''), last: () => lastOf(lines) };
}

describe('the log', () => {
  it('writes one JSON line with service, level, message and fields', () => {
    const { log, lines, last } = capture();
    log.info({ segments: 3 }, 'stored');
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({ level: 'info', service: 'test', msg: 'stored', segments: 3 });
    expect(Number.isNaN(Date.parse(String(last()['time'])))).toBe(false);
  });

  it('hides secret fields by name at any depth, however they are written', () => {
    const { log, last } = capture();
    log.info(
      {
        headers: { Authorization: 'a', 'X-API-Key': 'b' },
        job: { refresh_token: 'c', transcript: 'd', ok: 1 },
      },
      'x',
    );
    expect(last()['headers']).toEqual({ Authorization: '[redacted]', 'X-API-Key': '[redacted]' });
    expect(last()['job']).toEqual({ refresh_token: '[redacted]', transcript: '[redacted]', ok: 1 });
  });

  it('hides secret fields that a child binds, and a child of a child', () => {
    const { log, text } = capture();
    log.child({ token: 'hidden-1' }).child({ secret: 'hidden-2' }).info({}, 'x');
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain('hidden');
  });

  it('keeps object keys and ids that are no secret', () => {
    const { log, last } = capture();
    log.info({ key: 'default/ses_1/session.json', sessionId: 'ses_1' }, 'x');
    expect(last()).toMatchObject({ key: 'default/ses_1/session.json', sessionId: 'ses_1' });
  });

  it.each([
    ['an API key', `got ${KEY} here`, KEY],
    ['a stream id in a URL', `wss://host/voice/v1/stream/${STREAM}`, STREAM],
    ['a bearer value', 'Authorization: Bearer abcdefgh12345', 'abcdefgh12345'],
    ['a JWT', `token ${JWT}`, JWT],
    ['a URL password', 'redis://user:hunter2@host:6379', 'hunter2'],
    ['a signature in a query', '/audio?tenant=a&signature=Zm9vYmFy', 'Zm9vYmFy'],
  ])('hides %s in messages, fields, child fields and errors', (_name, value, secret) => {
    const { log, text } = capture();
    log.info({ value, list: [value], nested: { value } }, value);
    log.info(value);
    log.child({ bound: value }).warn({}, 'child');
    log.error({ err: new Error(value, { cause: new Error(value) }) }, 'failed');
    log.error(new Error(value));
    log.error({ err: new Error(value) });
    expect(text()).not.toContain(secret);
    expect(text()).toContain('[redacted]');
  });

  it('writes control characters and bidirectional overrides as escapes, so that no line can be forged', () => {
    const { log, lines, last } = capture();
    log.info({ name: 'a\nb\u001b[2J\u0085\u202e\u2028' }, 'bad\r\nline');
    expect(lines).toHaveLength(1);
    expect(last()['name']).toBe('a\\u000ab\\u001b[2J\\u0085\\u202e\\u2028');
    expect(last()['msg']).toBe('bad\\u000d\\u000aline');
    expect(Array.from((lines[0] ?? '').trimEnd()).every((char) => char >= ' ' && char !== '\u007f')).toBe(
      true,
    );
  });

  it('tells an error by type, code, message and cause', () => {
    const { log, last } = capture();
    log.error({ err: new EarshotError('service_unavailable', { cause: new RangeError('inner') }) }, 'failed');
    expect(last()['err']).toMatchObject({
      type: 'EarshotError',
      code: 'service_unavailable',
      cause: { type: 'RangeError', message: 'inner' },
    });
  });

  it('never quotes what a parser could not read, which may be speech', () => {
    const { log, text } = capture();
    try {
      JSON.parse('{"words": patient\nMueller has}');
    } catch (error) {
      log.warn({ err: new Error('unreadable', { cause: error }) }, 'skipped');
      log.warn(error);
    }
    expect(text()).toContain('SyntaxError');
    expect(text()).not.toMatch(/patient|Mueller/);
  });

  it('never writes bytes, functions or foreign objects', () => {
    const { log, last } = capture();
    log.info(
      {
        pcm: new Int16Array(8),
        at: new Date(0),
        map: new Map([['a', 'b']]),
        fn: () => 1,
        big: 5n,
        deep: JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`),
      },
      'x',
    );
    expect(last()).toMatchObject({
      pcm: '[16 bytes]',
      at: '1970-01-01T00:00:00.000Z',
      map: '[Map]',
      big: '5',
    });
    expect(last()).not.toHaveProperty('fn');
    expect(JSON.stringify(last()['deep'])).toContain('[deep]');
  });

  it('cuts long text', () => {
    const { log, last } = capture();
    log.info({ value: 'x'.repeat(10_000) }, 'x');
    expect(last()['value']).toHaveLength(2001);
  });

  it('writes nothing at level silent', () => {
    const { log, lines } = capture('silent');
    log.fatal({ a: 1 }, 'nothing');
    expect(lines).toEqual([]);
  });
});
