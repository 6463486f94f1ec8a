import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

export interface TestPage {
  /** `http://localhost:port`, an origin other than the server's. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Serves a page with the recorder script, and the given files beside it. */
export async function servePage(files: Readonly<Record<string, Uint8Array>>): Promise<TestPage> {
  const script = readFileSync(new URL('page/recorder.mjs', import.meta.url));
  const html = '<!doctype html><title>test</title><script type="module" src="/recorder.mjs"></script>';
  const served: Record<string, readonly [string, Uint8Array | string]> = {
    '/': ['text/html', html],
    '/recorder.mjs': ['text/javascript', script],
    '/favicon.ico': ['image/x-icon', ''],
  };
  for (const [name, bytes] of Object.entries(files)) served[name] = ['application/octet-stream', bytes];
  const server = createServer((request, response) => {
    const [type, body] = served[request.url ?? ''] ?? ['text/plain', ''];
    response.writeHead(served[request.url ?? ''] === undefined ? 404 : 200, { 'content-type': type });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://localhost:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
