import { createServer } from 'node:http';
import { freePort } from '@earshot/test-support';

/** A stand-in for a transcription server that hears the same word in everything, at once. */
export interface StandInEngine {
  /** As EARSHOT_ENGINE_LITE takes it. */
  readonly spec: string;
  /** Requests answered so far. */
  readonly calls: () => number;
  stop(): Promise<void>;
}

/** Speaks as much of the OpenAI transcription API as a worker asks for. */
export async function startEngine(): Promise<StandInEngine> {
  const port = await freePort();
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      if (request.method === 'POST') calls += 1;
      const body = request.method === 'POST' ? { text: 'heard', language: 'en' } : { data: [] };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    request.once('error', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    spec: `openai:http://127.0.0.1:${port}/v1#stand-in`,
    calls: () => calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
