import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { stopSignal } from './stop-signal.ts';

/** A process whose signals and time are in the hands of a test. */
function fakeProcess() {
  const source = Object.assign(new EventEmitter(), {
    exits: [] as number[],
    exit: (code: number) => void source.exits.push(code),
  });
  return source;
}

describe('stopSignal', () => {
  it.each(['SIGINT', 'SIGTERM'])('resolves with the first %s', async (name) => {
    const source = fakeProcess();
    const stopped = stopSignal(source);
    source.emit(name);
    expect(await stopped).toBe(name);
  });

  it('takes the echo of the same Ctrl-C for one wish', async () => {
    const source = fakeProcess();
    let now = 0;
    const stopped = stopSignal(source, () => now);
    source.emit('SIGINT');
    now = 900;
    source.emit('SIGINT');
    await stopped;
    expect(source.exits).toEqual([]);
  });

  it('leaves at once when asked again later', async () => {
    const source = fakeProcess();
    let now = 0;
    const stopped = stopSignal(source, () => now);
    source.emit('SIGINT');
    now = 1100;
    source.emit('SIGTERM');
    await stopped;
    expect(source.exits).toEqual([1]);
  });
});
