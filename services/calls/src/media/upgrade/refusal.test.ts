import { PassThrough } from 'node:stream';
import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { refuseUpgrade } from './refusal.ts';

describe('a refused upgrade', () => {
  it('survives a client that resets the connection instead of reading the answer', async () => {
    const socket = new PassThrough();
    refuseUpgrade(socket, new EarshotError('resource_not_found'));
    expect(() => socket.emit('error', new Error('ECONNRESET'))).not.toThrow();
    socket.destroy();
    await new Promise((closed) => socket.once('close', closed));
  });
});
