import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

export interface TestPage {
  /** `http://localhost:port`, an origin other than the server's. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** A media type and what is sent as that. */
export type Served = readonly [type: string, body: Uint8Array | string];

/** Serves a page with the recorder script, and the given files beside it. */
export async function servePage(files: Readonly<Record<string, Uint8Array>>): Promise<TestPage> {
  const script = readFileSync(new URL('page/recorder.mjs', import.meta.url));
  const html = '<!doctype html><title>test</title><script type="module" src="/recorder.mjs"></script>';
  const served: Record<string, Served> = {
    '/': ['text/html', html],
    '/recorder.mjs': ['text/javascript', script],
    '/favicon.ico': ['image/x-icon', ''],
  };
  for (const [name, bytes] of Object.entries(files)) served[name] = ['application/octet-stream', bytes];
  return await serveOrigin((path) => Promise.resolve(served[path]));
}

/** Serves what `find` has under a path, and 404 where it has nothing or rejects. */
export async function serveOrigin(find: (path: string) => Promise<Served | undefined>): Promise<TestPage> {
  const server = createServer((request, response) => {
    void find(request.url ?? '')
      .catch(() => undefined)
      .then((served) => {
        if (served === undefined) response.writeHead(404).end();
        else response.writeHead(200, { 'content-type': served[0] }).end(served[1]);
      });
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
