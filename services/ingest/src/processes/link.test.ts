import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { linkToPrimary } from './link.ts';
import type { FromProcess, ToProcess } from './messages.ts';

/** A process whose channel ends in lists. */
class ListedProcess extends EventEmitter {
  readonly sent: FromProcess[] = [];
  readonly codes: number[] = [];
  readonly stderr = { write: () => true };
  send(message: FromProcess): boolean {
    this.sent.push(message);
    return true;
  }
  exit(code: number): void {
    this.codes.push(code);
  }
  hear(message: ToProcess, handle?: Socket): void {
    this.emit('message', message, handle);
  }
}

function linked() {
  const process = new ListedProcess();
  const { family, host } = linkToPrimary(process, { number: 2, size: 3 });
  return { process, family, host };
}

describe('the link of a process to its primary', () => {
  it('tells siblings from itself and from other nodes', () => {
    const { process, family } = linked();
    family.ready('b');
    expect(process.sent).toEqual([{ type: 'ready', node: 'b' }]);
    process.hear({ type: 'nodes', nodes: ['a', 'b'] });
    expect(['a', 'b', 'c'].map((node) => family.isSibling(node))).toEqual([true, false, false]);
    process.hear({ type: 'nodes', nodes: ['b'] });
    expect(family.isSibling('a')).toBe(false);
  });

  it('asks all processes through the primary, and answers for its own', async () => {
    const { process, family } = linked();
    family.answer('metrics', () => Promise.resolve('own page'));
    const asked = family.ask('metrics');
    process.hear({ type: 'question', id: 7, question: 'metrics' });
    await new Promise(setImmediate);
    expect(process.sent).toEqual([
      { type: 'ask', id: 0, question: 'metrics' },
      { type: 'answer', id: 7, answer: 'own page' },
    ]);
    process.hear({ type: 'answers', id: 0, answers: ['own page', 'another'] });
    expect(await asked).toEqual(['own page', 'another']);
  });

  it('stops once, whoever says so and however often', () => {
    const { process, host } = linked();
    let stops = 0;
    const stop = (): void => {
      stops += 1;
    };
    host.on('SIGTERM', stop);
    host.on('SIGINT', stop);
    process.emit('SIGINT');
    expect(stops).toBe(0);
    process.hear({ type: 'stop' });
    process.emit('SIGTERM');
    expect(stops).toBe(1);
  });

  it('remembers a stop that came before the service was there', () => {
    const { process, host } = linked();
    process.hear({ type: 'stop' });
    let stops = 0;
    host.on('SIGTERM', () => {
      stops += 1;
    });
    expect(stops).toBe(1);
  });

  it('closes a connection that comes before anybody takes it', () => {
    const { process, family } = linked();
    const upgrade = { method: 'GET', url: '/', headers: {}, head: '' };
    const early = new Socket();
    process.hear({ type: 'passed', upgrade }, early);
    expect(early.destroyed).toBe(true);
    const taken: unknown[] = [];
    family.onPassed((request) => void taken.push(request));
    process.hear({ type: 'passed', upgrade }, new Socket());
    expect(taken).toEqual([upgrade]);
  });
});
