import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ appendonly: true });
});
afterAll(() => redis.stop());

async function send(line: string): Promise<string> {
  const socket = connect(redis.port, redis.host);
  try {
    await once(socket, 'connect');
    socket.write(`${line}\r\n`);
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString('utf8');
  } finally {
    socket.destroy();
  }
}

describe('a test redis', () => {
  it('keeps its data over a restart on the same port', async () => {
    await send('SET greeting hello');
    await redis.restart();
    expect(await send('GET greeting')).toContain('hello');
  });

  it('is gone after kill and back after restart', async () => {
    await redis.kill();
    await expect(send('PING')).rejects.toThrow('ECONNREFUSED');
    await redis.restart();
    expect(await send('PING')).toContain('PONG');
  });

  it('answers nothing while paused', async () => {
    redis.pause();
    const answer = send('PING');
    const early = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, 'nothing'))]);
    redis.resume();
    expect(early).toBe('nothing');
    expect(await answer).toContain('PONG');
  });

  it('is empty after flushAll', async () => {
    await send('SET greeting hello');
    await redis.flushAll();
    expect(await send('DBSIZE')).toContain(':0');
  });
});
