/** Figures that the service itself tells on `/metrics`. */
export interface ServiceMetrics {
  /** Ticks at which loopback peers had to have audio, and those of them at which there was none, so far. */
  readonly peerTicks: number;
  readonly peerUnderruns: number;
  /** Ticks of the calls' clock that never happened, so far. */
  readonly skippedTicks: number;
  /** Event-loop delay since the last time it was asked, ms. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  /** What the process holds: objects, and memory outside of the heap that belongs to them. */
  readonly heapKb: number;
  readonly externalKb: number;
}

/** Reads the Prometheus text format; throws when a figure is not there. */
export function parseMetrics(text: string): ServiceMetrics {
  const value = (name: string, label = ''): number => {
    const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(label));
    if (line === undefined) throw new Error(`the service tells no ${name}`);
    return Number(line.slice(line.lastIndexOf(' ') + 1));
  };
  const loopDelay = (quantile: string): number =>
    1000 * value('earshot_event_loop_delay_seconds', `quantile="${quantile}"`);
  return {
    peerTicks: value('earshot_loopback_ticks_total'),
    peerUnderruns: value('earshot_loopback_underruns_total'),
    skippedTicks: value('earshot_call_ticks_skipped'),
    loopDelayP99Ms: loopDelay('0.99'),
    loopDelayMaxMs: loopDelay('1'),
    heapKb: value('nodejs_heap_size_used_bytes') / 1024,
    externalKb: value('nodejs_external_memory_bytes') / 1024,
  };
}
