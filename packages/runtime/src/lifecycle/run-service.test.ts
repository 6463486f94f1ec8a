import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { runService, type ServiceProcess } from './run-service.ts';

class Host extends EventEmitter implements ServiceProcess {
  readonly exits: number[] = [];
  readonly said: string[] = [];
  readonly stderr = { write: (text: string) => this.said.push(text) };
  exit(code: number): void {
    this.exits.push(code);
  }
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('running a service', () => {
  it('drains on the first signal and exits 0', async () => {
    const host = new Host();
    const done: string[] = [];
    const service = {
      start: () => Promise.resolve(done.push('start')),
      close: () => Promise.resolve(void done.push('close')),
    };
    await runService(() => Promise.resolve(service), host);
    host.emit('SIGTERM');
    await later();
    expect([done, host.exits]).toEqual([['start', 'close'], [0]]);
  });

  it('exits 1 at once on a second signal', async () => {
    const host = new Host();
    const never = new Promise<void>(() => undefined);
    await runService(() => Promise.resolve({ start: () => Promise.resolve(), close: () => never }), host);
    host.emit('SIGINT');
    host.emit('SIGTERM');
    expect(host.exits).toEqual([1]);
  });

  it('says in one line why it cannot start', async () => {
    const host = new Host();
    await runService(() => Promise.reject(new Error('The settings are not valid.')), host);
    expect([host.said, host.exits]).toEqual([['The settings are not valid.\n'], [1]]);
  });
});
