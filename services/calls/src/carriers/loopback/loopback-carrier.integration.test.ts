import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCallRecorder } from '../testing/call-recorder.ts';
import { createLoopbackCarrier, type LoopbackCarrier } from './loopback-carrier.ts';
import { line } from './testing/loopback-bench.ts';

const SPEECH = new URL('../../../../../test/fixtures/speech/consultation.wav', import.meta.url).pathname;
const open: LoopbackCarrier[] = [];

function start(): LoopbackCarrier {
  const problems: unknown[] = [];
  const carrier = createLoopbackCarrier({
    log: { error: (...parts: unknown[]) => problems.push(parts) },
    samples: { sample: SPEECH },
  });
  open.push(carrier);
  return carrier;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((carrier) => carrier.close()));
});

describe('the loopback carrier in real time', () => {
  it('speaks the recorded consultation at its own pace', async () => {
    const carrier = start();
    const handle = createCallRecorder('call_1');
    await carrier.originate({ line, callId: 'call_1', to: 'loop:speak', handle });
    const startedAt = performance.now();
    await sleep(1000);
    const ticks = Math.floor((performance.now() - startedAt) / 20);
    expect(handle.samplesHeard / 320).toBeGreaterThan(ticks / 2);
    expect(handle.samplesHeard / 320).toBeLessThanOrEqual(ticks + 1);
    const loudest = handle.heard.reduce((most, part) => Math.max(most, ...part), 0);
    expect(loudest).toBeGreaterThan(500);
  });

  it('gives 200 echoing peers every sample back', async () => {
    const carrier = start();
    const handles = Array.from({ length: 200 }, (_, index) => createCallRecorder(`call_${index}`));
    for (const handle of handles) {
      await carrier.originate({ line, callId: handle.callId, to: 'loop:echo', handle });
    }
    await sleep(60);
    const tick = new Int16Array(320).fill(7);
    const startedAt = performance.now();
    let sent = 0;
    while (sent < 100) {
      for (const { links } of handles) links[0]!.send(tick);
      sent += 1;
      await sleep(Math.max(0, startedAt + sent * 20 - performance.now()));
    }
    await until(() => handles.every((handle) => handle.samplesHeard === 32_000), { timeoutMs: 5000 });
    await sleep(60);
    for (const handle of handles) expect(handle.samplesHeard).toBe(32_000);
  });
});
