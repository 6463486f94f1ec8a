import { randomUUID } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** The least that a server does which keeps what it is sent: each body becomes a synced file in the given folder. */
const folder = process.argv[2] ?? '.';
const server = createServer((request, response) => {
  const keep = async (): Promise<void> => {
    const name = join(folder, randomUUID());
    const file = await open(`${name}.part`, 'wx');
    let bytes = 0;
    for await (const chunk of request) {
      const { bytesWritten } = await file.write(chunk as Buffer);
      bytes += bytesWritten;
    }
    await file.sync();
    await file.close();
    await rename(`${name}.part`, name);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ bytes }));
  };
  keep().catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'string' ? 0 : (address?.port ?? 0) });
});
process.on('disconnect', () => process.exit(0));
