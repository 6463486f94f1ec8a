import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { temporaryFolder } from '../resources/temporary-folder.ts';
import { until } from '../resources/until.ts';
import { startGuard } from './guard.ts';

it('kills the server and removes its folder when the pipe from the starting process breaks', async () => {
  const folder = await temporaryFolder();
  const server = spawn('sleep', ['600'], { stdio: 'ignore' });
  const guard = startGuard(server.pid ?? -1, folder.path);
  await access(folder.path);
  expect(server.exitCode ?? server.signalCode).toBeNull();
  guard.stdin?.destroy();
  expect(await until(() => server.signalCode)).toBe('SIGKILL');
  await until(() =>
    access(folder.path).then(
      () => false,
      () => true,
    ),
  );
});
