import { EarshotError } from '@earshot/protocol';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EdgeBench, type EdgeBenchDeps, startEdge } from '../testing/edge-bench.ts';
import { callHttp, type HttpAnswer } from '../testing/http-exchange.ts';
import { createMemoryHost, type MemoryHost } from '../testing/memory-host.ts';
import { createMemorySessions, type MemorySessions } from '../testing/memory-sessions.ts';
import { createProcessMeter } from './process-meter.ts';

const STREAM = 'str_00000000000000000000000001';

let host: MemoryHost;
let sessions: MemorySessions;
let bench: EdgeBench;

async function start(deps: Partial<EdgeBenchDeps> = {}): Promise<void> {
  bench = await startEdge({ sessions: sessions.sessions, host, maxLiveStreams: 2, ...deps });
}

beforeEach(() => {
  host = createMemoryHost();
  sessions = createMemorySessions();
  sessions.add(STREAM, 'ses_0000000000000001');
});

afterEach(() => bench.close());

const ask = (path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  callHttp(bench.port, { path, method: 'GET', headers });
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const upgrade = (): Promise<HttpAnswer> => ask(`/voice/v1/stream/sessions/${STREAM}/audio`, UPGRADE);

describe('GET /capacity', () => {
  it('says to anybody how many more streams the node takes', async () => {
    await start();
    const client = await bench.connect(STREAM);
    expect(await ask('/capacity')).toMatchObject({
      status: 200,
      body: { live: 1, max: 2, available: 1, limited_by: null, backlog_bytes: 4096 },
    });
    client.socket.close();
    await client.closed;
  });

  it('agrees with what an upgrade is told when the node is busy', async () => {
    await start({
      processMeter: {
        read: () => ({ eventLoopMs: 900, utilization: 0, memoryShare: 0 }),
        close: () => undefined,
      },
    });
    expect((await ask('/capacity')).body).toMatchObject({ available: 0, limited_by: 'event_loop' });
    const { status, headers, body } = await upgrade();
    expect([status, headers['retry-after'], body]).toMatchObject([
      503,
      '2',
      { error: { code: 'service_unavailable' } },
    ]);
    expect(host.opened).toEqual([]);
  });

  it('agrees with what an upgrade is told when the disk has no room', async () => {
    await start({ journalLoad: () => ({ state: 'low', freeBytes: 1, unsyncedBytes: 0, commitMs: 0 }) });
    host.stream({ tenant: 'clinic', sessionId: 'ses_0000000000000001' }).refusal = new EarshotError(
      'insufficient_storage',
    );
    expect((await ask('/capacity')).body).toMatchObject({ available: 0, limited_by: 'disk' });
    const { status, headers } = await upgrade();
    expect([status, headers['retry-after']]).toEqual([507, '30']);
  });

  it('says that the node is leaving', async () => {
    await start();
    await bench.edge.close(500);
    expect((await ask('/capacity')).body).toMatchObject({ available: 0, limited_by: 'draining' });
    const { status, headers, body } = await upgrade();
    expect([status, headers['retry-after'], body]).toMatchObject([
      503,
      '1',
      { error: { code: 'shutting_down' } },
    ]);
  });
});

describe('the meter of a process', () => {
  it('reads its own heap and loop', async () => {
    await start();
    const meter = createProcessMeter();
    const { eventLoopMs, utilization, memoryShare } = meter.read();
    expect(eventLoopMs).toBeGreaterThanOrEqual(0);
    expect(utilization).toBe(0);
    expect(memoryShare).toBeGreaterThan(0);
    expect(memoryShare).toBeLessThan(1);
    // Many like this one would not fit.
    const crowded = createProcessMeter(100_000);
    expect(crowded.read().memoryShare).toBeGreaterThan(1);
    crowded.close();
    meter.close();
  });
});
