import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createLog } from '../log/log.ts';
import { createLifecycle } from './lifecycle.ts';

const log = createLog({ service: 'test', level: 'silent' });

/** A process that only records how it was left. */
function fakeProcess() {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  let onExit: (code: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    onExit = resolve;
  });
  const signals = {
    on: (event: string, listener: () => void) => emitter.on(event, listener),
    exit: (code: number) => {
      exits.push(code);
      onExit(code);
    },
  };
  return { signals, exits, left, send: (name: string) => emitter.emit(name) };
}

describe('the lifecycle', () => {
  it('stops in reverse start order, one step after the other', async () => {
    const order: string[] = [];
    const lifecycle = createLifecycle(log);
    for (const name of ['redis', 'workers', 'server']) {
      lifecycle.onStop(
        name,
        async () => {
          order.push(`${name} begins`);
          await new Promise((resolve) => setTimeout(resolve, 5));
          order.push(`${name} ends`);
        },
        1000,
      );
    }
    expect(await lifecycle.stop('test')).toBe(true);
    expect(order).toEqual(
      ['server', 'workers', 'redis'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
  });

  it('runs each step once, whoever asks', async () => {
    let runs = 0;
    const lifecycle = createLifecycle(log);
    lifecycle.onStop(
      'one',
      () => {
        runs += 1;
      },
      1000,
    );
    expect(await Promise.all([lifecycle.stop('a'), lifecycle.stop('b')])).toEqual([true, true]);
    expect(runs).toBe(1);
  });

  it('goes on past a step that fails or hangs, and says that it was not clean', async () => {
    const done: string[] = [];
    const lifecycle = createLifecycle(log);
    lifecycle.onStop('first', () => void done.push('first'), 1000);
    lifecycle.onStop('hangs', () => new Promise(() => undefined), 20);
    lifecycle.onStop('rejects', () => Promise.reject(new Error('no')), 1000);
    lifecycle.onStop(
      'throws',
      () => {
        throw new Error('no');
      },
      1000,
    );
    expect(await lifecycle.stop('test')).toBe(false);
    expect(done).toEqual(['first']);
  });

  it('aborts its signal when stopping begins', async () => {
    const lifecycle = createLifecycle(log);
    let seen = false;
    lifecycle.onStop(
      'one',
      () => {
        seen = lifecycle.signal.aborted;
      },
      1000,
    );
    expect(lifecycle.signal.aborted).toBe(false);
    await lifecycle.stop('test');
    expect(seen).toBe(true);
  });

  it.each(['SIGTERM', 'SIGINT'])('leaves with 0 after %s', async (name) => {
    const lifecycle = createLifecycle(log);
    const process = fakeProcess();
    lifecycle.handleSignals(process.signals);
    process.send(name);
    expect(await process.left).toBe(0);
  });

  it('leaves with 1 when a step failed', async () => {
    const lifecycle = createLifecycle(log);
    lifecycle.onStop('rejects', () => Promise.reject(new Error('no')), 1000);
    const process = fakeProcess();
    lifecycle.handleSignals(process.signals);
    process.send('SIGTERM');
    expect(await process.left).toBe(1);
  });

  it('leaves at once on a second signal', () => {
    const lifecycle = createLifecycle(log);
    lifecycle.onStop('slow', () => new Promise((resolve) => setTimeout(resolve, 50)), 1000);
    const process = fakeProcess();
    lifecycle.handleSignals(process.signals);
    process.send('SIGTERM');
    expect(process.exits).toEqual([]);
    process.send('SIGINT');
    expect(process.exits).toEqual([1]);
  });
});
