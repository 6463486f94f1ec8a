import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricCatalogue,
} from './catalogue.ts';

/** A collector that takes longer than this is left out of the answer, ms. */
const COLLECT_TIMEOUT_MS = 1000;
const QUANTILES = [50, 99, 100] as const;

/** The metrics of one process, in a registry of its own. */
export interface Metrics<C extends MetricCatalogue = typeof METRICS> {
  /** Adds to a counter; `value` must not be negative. */
  add<N extends CounterName<C>>(name: N, labels: LabelsOf<C, N>, value?: number): void;
  set<N extends GaugeName<C>>(name: N, labels: LabelsOf<C, N>, value: number): void;
  observe<N extends HistogramName<C>>(name: N, labels: LabelsOf<C, N>, value: number): void;
  /** Runs before each answer, to set gauges that are read on demand. A failure is counted and hides nothing else. */
  onCollect(collect: () => void | Promise<void>): void;
  /** The Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
  /** Stops the event-loop monitor. */
  close(): void;
}

/** Looks up a metric of one kind; the types above make a miss impossible, so a miss is a bug. */
function named<M>(metrics: ReadonlyMap<string, M>, name: string): M {
  const metric = metrics.get(name);
  if (metric === undefined) throw new TypeError(`no metric is called ${name}`);
  return metric;
}

function register(catalogue: MetricCatalogue, registry: Registry) {
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, row] of Object.entries(catalogue)) {
    const settings = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
    if (row.kind === 'counter') counters.set(name, new Counter(settings));
    else if (row.kind === 'gauge') gauges.set(name, new Gauge(settings));
    else
      histograms.set(
        name,
        new Histogram({ ...settings, ...(row.buckets ? { buckets: [...row.buckets] } : {}) }),
      );
  }
  return { counters, gauges, histograms };
}

async function within(ms: number, work: () => void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('collector took too long')), ms);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Builds the registry of one process: process and event-loop figures, the common catalogue, and the rows of `extra`.
 * Every line carries the label `service`, and those of `labels`.
 */
export function createMetrics<const Extra extends MetricCatalogue = typeof METRICS>(options: {
  readonly service: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly extra?: Extra;
}): Metrics<typeof METRICS & Extra> {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service, ...options.labels });
  collectDefaultMetrics({ register: registry });
  const { counters, gauges, histograms } = register({ ...METRICS, ...options.extra }, registry);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const readDelay = (): void => {
    for (const quantile of QUANTILES) {
      const seconds = delay.count === 0 ? 0 : delay.percentile(quantile) / 1e9;
      named(gauges, 'earshot_event_loop_delay_seconds').set({ quantile: String(quantile / 100) }, seconds);
    }
    delay.reset();
  };
  const collectors: (() => void | Promise<void>)[] = [readDelay];
  return {
    add: (name, labels, value = 1) => named(counters, name).inc({ ...labels }, value),
    set: (name, labels, value) => named(gauges, name).set({ ...labels }, value),
    observe: (name, labels, value) => named(histograms, name).observe({ ...labels }, value),
    onCollect: (collect) => void collectors.push(collect),
    async text() {
      const outcomes = await Promise.allSettled(
        collectors.map((collect) => within(COLLECT_TIMEOUT_MS, collect)),
      );
      const failures = outcomes.filter((outcome) => outcome.status === 'rejected').length;
      named(counters, 'earshot_collector_failures_total').inc(failures);
      return registry.metrics();
    },
    contentType: registry.contentType,
    close: () => void delay.disable(),
  };
}
