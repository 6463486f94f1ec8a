import { describe, expect, it } from '@jest/globals';
import { createProgram } from '../../program.ts';

/** Runs a command line that is refused before anything is sent; returns the error. */
async function refusal(...args: string[]): Promise<string> {
  const output = { write: () => true };
  const program = createProgram({ env: {}, stdout: output, stderr: output }, () => undefined);
  const said: string[] = [];
  const commands = [program, ...program.commands, ...program.commands.flatMap(({ commands: own }) => own)];
  for (const command of commands) {
    command
      .exitOverride()
      .configureOutput({ writeErr: (text) => said.push(text), writeOut: () => undefined });
  }
  await expect(program.parseAsync(['call', ...args], { from: 'user' })).rejects.toThrow();
  return said.join('');
}

describe('earshot call', () => {
  it.each([
    [['listen', 'call_a', '--seconds', '0'], 'above 0'],
    [['listen', 'call_a', '--seconds', 'ten'], 'above 0'],
    [['listen', 'call_a', '--raw', '--out', 'a.wav'], 'cannot be used with'],
    [['record', 'call_a', '--kind', 'left'], 'inbound, outbound, mixed'],
    [['transcript', 'call_a', '--format', 'doc'], 'txt, srt, vtt, json'],
    [['events', '--count', '-1'], 'above 0'],
    [['mute'], "missing required argument 'id'"],
    [['talk', 'call_a'], "missing required argument 'file'"],
    [['hang'], "unknown command 'hang'"],
    [['place', 'echo', '--loud'], "unknown option '--loud'"],
  ])('refuses %j and says why', async (args, reason) => {
    expect(await refusal(...args)).toContain(reason);
  });
});
