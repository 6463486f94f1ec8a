import type { AddressInfo } from 'node:net';
import type { IntakeLog } from '@earshot/intake';
import { type Authenticator, createHttpServer, createLog } from '@earshot/runtime';
import { registerCapacity } from '../../http/routes/capacity.ts';
import { registerStreamAudio } from '../../http/routes/stream-audio.ts';
import { createStreamEdge, type StreamEdge, type StreamEdgeDeps } from '../edge.ts';
import { type Client, type ConnectOptions, connect } from './client.ts';

/** A stream edge with its routes behind a real HTTP server on 127.0.0.1. */
export interface EdgeBench {
  readonly edge: StreamEdge;
  readonly port: number;
  readonly log: MemoryLog;
  /** Opens a socket for a stream; resolves when it is open. */
  connect(streamId: string, options?: ConnectOptions): Promise<Client>;
  close(deadlineMs?: number): Promise<void>;
}

/** Log lines as they were written. */
export interface MemoryLog extends IntakeLog {
  readonly lines: {
    readonly level: string;
    readonly fields: Record<string, unknown>;
    readonly message: string;
  }[];
}

export function createMemoryLog(): MemoryLog {
  const lines: MemoryLog['lines'] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

export type EdgeBenchDeps = Pick<StreamEdgeDeps, 'sessions' | 'host'> & Partial<StreamEdgeDeps>;

/** Everybody with any key is the same clinic. */
const authenticator: Authenticator = {
  authenticate: () =>
    Promise.resolve({ tenant: 'clinic', keyId: null, subject: 'test', line: null, test: true }),
  recognises: () => true,
};

export async function startEdge(deps: EdgeBenchDeps): Promise<EdgeBench> {
  const log = createMemoryLog();
  const edge = createStreamEdge({
    log,
    metrics: { bytesReceived: () => undefined },
    journalLoad: () => ({ state: 'ok', freeBytes: 1e9, unsyncedBytes: 0, commitMs: 0 }),
    processMeter: {
      read: () => ({ eventLoopMs: 0, utilization: 0, memoryShare: 0 }),
      close: () => undefined,
    },
    ...deps,
  });
  const server = await createHttpServer({
    log: createLog({ service: 'test', level: 'silent' }),
    authenticator,
    limits: { requestHeadMs: 60_000 },
  });
  registerCapacity(server, { capacity: () => Promise.resolve(edge.capacity()) });
  await server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    registerStreamAudio(scope, { streams: edge });
    done();
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  server.server.on('upgrade', (request, socket, head) => edge.handleUpgrade(request, socket, head));
  const { port } = server.server.address() as AddressInfo;
  return {
    edge,
    port,
    log,
    connect: (streamId, options) => connect(port, streamId, options),
    async close(deadlineMs = 3000) {
      await edge.close(deadlineMs);
      server.server.closeAllConnections();
      await server.close();
    },
  };
}
