import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { startProblem } from './start-problem.ts';

describe('startProblem', () => {
  it('names the port that is taken and the setting that changes it', async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
    });
    const error = await new Promise<Error>((resolve) => {
      createServer().once('error', resolve).listen(port, '127.0.0.1');
    });
    holder.close();
    expect(startProblem(error)).toBe(
      `Port ${port} is already in use; stop what uses it, or choose another port with EARSHOT_PORT.`,
    );
  });

  it('passes on the sentence of any other error', () => {
    expect(startProblem(new Error('Redis could not be started.'))).toBe('Redis could not be started.');
  });

  it('does not print what is no error', () => {
    expect(startProblem({ secret: 'x' })).toBe('something went wrong');
  });
});
