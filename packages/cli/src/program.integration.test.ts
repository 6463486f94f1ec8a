import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createProgram } from './program.ts';

/** Runs a command line in this process; resolves to what it wrote and how it failed. */
async function run(...args: string[]): Promise<{ readonly said: string; readonly failure: string }> {
  const said: string[] = [];
  const output = { write: (text: string | Uint8Array) => said.push(String(text)) > 0 };
  const env = { EARSHOT_API_KEY: 'sk_test_x' };
  const program = createProgram({ env, stdout: output, stderr: output }, () => undefined);
  program.exitOverride().configureOutput({ writeOut: output.write, writeErr: output.write });
  const failure = await program.parseAsync(args, { from: 'user' }).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return { said: said.join(''), failure };
}

/** A port of this machine where nobody listens. */
async function emptyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('earshot', () => {
  it.each(['--version', '-V'])('prints its version for %s', async (flag) => {
    expect((await run(flag)).said).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('names the server that it could not reach', async () => {
    const url = `http://127.0.0.1:${await emptyPort()}`;
    const { failure } = await run('sessions', 'list', '--url', url);
    expect(failure).toBe(`The server at ${url} could not be reached.`);
  }, 30_000);
});
