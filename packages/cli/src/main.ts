import { createProgram } from './program.ts';

/** The `earshot` command: exit code 0 when all went well, 1 with one sentence otherwise. */
async function main(): Promise<void> {
  const setting = { env: process.env, stdout: process.stdout, stderr: process.stderr };
  const program = createProgram(setting, (code) => {
    process.exitCode = code;
  });
  await program.parseAsync();
}

// A reader that has had enough, such as `head`, leaves nothing to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
});

main().catch((error: unknown) => {
  process.stderr.write(`earshot: ${error instanceof Error ? error.message : 'something went wrong'}\n`);
  process.exitCode = 1;
});
