import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Compiles this package: what runs in processes and threads of its own runs from `dist`, never from source. */
export async function buildScripts(): Promise<void> {
  const require = createRequire(import.meta.url);
  const compiler = join(dirname(require.resolve('@typescript/native/package.json')), 'bin/tsc');
  const package_ = fileURLToPath(new URL('../../', import.meta.url));
  await execute(process.execPath, [compiler, '--build', package_]);
}
