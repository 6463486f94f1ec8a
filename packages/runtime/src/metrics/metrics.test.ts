import { afterEach, describe, expect, it } from '@jest/globals';
import { createMetrics } from './metrics.ts';

const open: { close(): void }[] = [];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function metrics() {
  const made = createMetrics({ service: 'test' });
  open.push(made);
  return made;
}
afterEach(() => {
  for (const made of open.splice(0)) made.close();
});

describe('metrics', () => {
  it('counts, sets and observes with the labels of the catalogue', async () => {
    const made = metrics();
    made.add('earshot_jobs_total', { queue: 'transcribe-segment', outcome: 'done' });
    made.add('earshot_jobs_total', { queue: 'transcribe-segment', outcome: 'done' }, 2);
    made.set('earshot_streams_live', {}, 4);
    made.observe('earshot_job_duration_seconds', { queue: 'transcribe-segment' }, 0.2);
    const text = await made.text();
    expect(text).toContain('earshot_jobs_total{queue="transcribe-segment",outcome="done",service="test"} 3');
    expect(text).toContain('earshot_streams_live{service="test"} 4');
    expect(text).toContain(
      'earshot_job_duration_seconds_bucket{le="0.25",service="test",queue="transcribe-segment"} 1',
    );
  });

  it('tells process and event-loop figures', async () => {
    const made = metrics();
    await pause(60);
    for (const until = performance.now() + 150; performance.now() < until; );
    await pause(60);
    const text = await made.text();
    expect(text).toContain('process_resident_memory_bytes');
    const worst = /earshot_event_loop_delay_seconds\{quantile="1",service="test"\} (\S+)/.exec(text)?.[1];
    expect(Number(worst)).toBeGreaterThan(0.1);
  });

  it('keeps a registry for itself', async () => {
    const one = metrics();
    const other = metrics();
    one.set('earshot_streams_live', {}, 1);
    expect(await other.text()).toContain('earshot_streams_live{service="test"} 0');
  });

  it('reads gauges on demand, and a collector that fails hides no other', async () => {
    const made = metrics();
    made.onCollect(() => Promise.reject(new Error('redis is away')));
    made.onCollect(() => {
      throw new Error('at once');
    });
    made.onCollect(() => made.set('earshot_queue_jobs', { queue: 'q', state: 'waiting' }, 7));
    const text = await made.text();
    expect(text).toContain('earshot_queue_jobs{queue="q",state="waiting",service="test"} 7');
    expect(text).toContain('earshot_collector_failures_total{service="test"} 2');
  });

  it('answers although a collector never does', async () => {
    const made = metrics();
    made.onCollect(() => new Promise(() => undefined));
    expect(await made.text()).toContain('earshot_collector_failures_total{service="test"} 1');
  });

  it('takes in further rows', async () => {
    const made = createMetrics({
      service: 'test',
      extra: { earshot_cuts_total: { kind: 'counter', help: 'Cuts.', labels: ['why'] } },
    });
    open.push(made);
    made.add('earshot_cuts_total', { why: 'pause' });
    made.set('earshot_streams_live', {}, 2);
    expect(await made.text()).toContain('earshot_cuts_total{why="pause",service="test"} 1');
  });
});
