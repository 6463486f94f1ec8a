import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { ToProcess } from './messages.ts';
import { type Peer, Relay } from './relay.ts';

/** A process that keeps what it is told. */
class ListedPeer implements Peer {
  readonly told: ToProcess[] = [];
  readonly sockets: Socket[] = [];
  connected = true;
  isConnected(): boolean {
    return this.connected;
  }
  send(message: ToProcess, socket?: Socket): void {
    this.told.push(message);
    if (socket !== undefined) this.sockets.push(socket);
  }
}

const UPGRADE = { method: 'GET', url: '/voice/v1/stream', headers: {}, head: '' };

function family() {
  const relay = new Relay();
  const [first, second] = [new ListedPeer(), new ListedPeer()];
  relay.hear(first, { type: 'ready', node: 'a' }, undefined);
  relay.hear(second, { type: 'ready', node: 'b' }, undefined);
  return { relay, first, second };
}

describe('the relay of a primary', () => {
  it('tells all processes which nodes are ready, and which no longer', () => {
    const { relay, first, second } = family();
    expect(first.told.at(-1)).toEqual({ type: 'nodes', nodes: ['a', 'b'] });
    expect(second.told).toEqual([{ type: 'nodes', nodes: ['a', 'b'] }]);
    relay.gone(second);
    expect(first.told.at(-1)).toEqual({ type: 'nodes', nodes: ['a'] });
  });

  it('answers with what all processes answered', () => {
    const { relay, first, second } = family();
    relay.hear(first, { type: 'ask', id: 5, question: 'capacity' }, undefined);
    const question = { type: 'question', id: 0, question: 'capacity' };
    expect([first.told.at(-1), second.told.at(-1)]).toEqual([question, question]);
    relay.hear(second, { type: 'answer', id: 0, answer: 'two' }, undefined);
    relay.hear(second, { type: 'answer', id: 0, answer: 'two again' }, undefined);
    relay.hear(first, { type: 'answer', id: 0, answer: 'one' }, undefined);
    expect(first.told.at(-1)).toEqual({ type: 'answers', id: 5, answers: ['two', 'one'] });
  });

  it('does not wait for a process that is gone', () => {
    const { relay, first, second } = family();
    relay.hear(first, { type: 'ask', id: 1, question: 'metrics' }, undefined);
    relay.hear(first, { type: 'answer', id: 0, answer: 'one' }, undefined);
    second.connected = false;
    relay.gone(second);
    expect(first.told.at(-1)).toEqual({ type: 'answers', id: 1, answers: ['one'] });
  });

  it('passes a connection to the process of that name, and closes one for nobody', () => {
    const { relay, first, second } = family();
    const [own, lost] = [new Socket(), new Socket()];
    relay.hear(first, { type: 'pass', node: 'b', upgrade: UPGRADE }, own);
    expect(second.told.at(-1)).toEqual({ type: 'passed', upgrade: UPGRADE });
    expect(second.sockets).toEqual([own]);
    // It is in nobody's hands for a moment: a client that hangs up then takes no process with it.
    expect(() => own.emit('error', new Error('reset'))).not.toThrow();
    relay.gone(second);
    relay.hear(first, { type: 'pass', node: 'b', upgrade: UPGRADE }, lost);
    expect(lost.destroyed).toBe(true);
    expect(own.destroyed).toBe(false);
  });
});
