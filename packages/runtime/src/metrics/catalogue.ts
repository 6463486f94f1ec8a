/** One metric: its kind, its help text, the names of its labels. No label ever holds an id of a session or tenant. */
export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, in the metric's own unit. */
  readonly buckets?: readonly number[];
}

export type MetricCatalogue = Readonly<Record<string, MetricRow>>;

const counter = <const L extends readonly string[]>(help: string, labels: L) => ({
  kind: 'counter' as const,
  help,
  labels,
});
const gauge = <const L extends readonly string[]>(help: string, labels: L) => ({
  kind: 'gauge' as const,
  help,
  labels,
});

/** Metrics that every process may feed. */
export const METRICS = {
  earshot_streams_live: gauge('Streams that are being fed right now.', []),
  earshot_streams_total: counter('Streams that ended, by dialect and outcome.', ['dialect', 'outcome']),
  earshot_malformed_frames_total: counter('Frames skipped because they could not be read.', ['dialect']),
  earshot_audio_bytes_total: counter('Audio received, bytes, by way in (websocket, http, upload).', [
    'source',
  ]),
  earshot_gap_samples_total: counter('Samples that never arrived and were filled, by reason.', ['reason']),
  earshot_segments_stored_total: counter('Segments stored, by reason of the cut.', ['cut']),
  earshot_calls_live: gauge('Calls that this node carries.', []),
  earshot_media_sockets_total: counter('Media sockets that ended, by how they came in and how they ended.', [
    'by',
    'mode',
    'outcome',
  ]),
  earshot_media_refused_total: counter('Media sockets that were refused, by reason.', ['code']),
  earshot_media_gap_samples_total: counter('Samples that slow listeners did not get.', []),
  earshot_media_ignored_bytes_total: counter('Bytes that listening clients sent, which go nowhere.', []),
  earshot_media_malformed_total: counter('Messages of media clients that could not be read.', []),
  earshot_media_clients: gauge('Programs that talk or listen on calls.', []),
  earshot_call_ticks_skipped: gauge('Ticks of the clock of calls that never happened.', []),
  earshot_loopback_ticks_total: counter(
    'Ticks at which peers of the loopback carrier had to have audio.',
    [],
  ),
  earshot_loopback_underruns_total: counter('Those of them at which there was none.', []),
  earshot_backlog_bytes: gauge('Audio that waits for the object store, bytes.', []),
  earshot_journal_files: gauge('Files of the journal.', []),
  earshot_journal_bytes: gauge('Size of the journal, bytes.', []),
  earshot_journal_unsynced_bytes: gauge('Bytes appended to the journal that are not durable yet.', []),
  earshot_journal_free_bytes: gauge('Free bytes on the disk of the journal, as last seen.', []),
  earshot_journal_commit_seconds: {
    kind: 'histogram',
    help: 'Time from the first record of a batch until it was durable, seconds.',
    labels: [],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  earshot_sessions_created_total: counter(
    'Sessions created, by upload type; a repeated request counts again.',
    ['upload_type'],
  ),
  earshot_sessions_finished_total: counter('Sessions that reached a terminal state, by status.', ['status']),
  earshot_queue_jobs: gauge('Jobs in the queue, by state.', ['queue', 'state']),
  earshot_queue_oldest_seconds: gauge('Age of the oldest waiting job, seconds.', ['queue']),
  earshot_jobs_total: counter('Job attempts, by outcome.', ['queue', 'outcome']),
  earshot_job_duration_seconds: {
    kind: 'histogram',
    help: 'Time one job attempt took, seconds.',
    labels: ['queue'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
  earshot_http_requests_total: counter('HTTP requests answered, by route pattern.', [
    'route',
    'method',
    'status',
  ]),
  earshot_http_duration_seconds: {
    kind: 'histogram',
    help: 'Time from request to the end of the answer, seconds.',
    labels: ['route', 'method'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
  },
  earshot_limiter_fallbacks_total: counter(
    'Rate limit decisions taken in memory because Redis did not answer.',
    [],
  ),
  earshot_collector_failures_total: counter('Values that could not be read when metrics were collected.', []),
  earshot_event_loop_delay_seconds: gauge('Event-loop delay since the last collection, seconds.', [
    'quantile',
  ]),
} as const satisfies MetricCatalogue;

type NamesOf<C extends MetricCatalogue, K extends MetricRow['kind']> = {
  [N in keyof C]: C[N]['kind'] extends K ? N : never;
}[keyof C] &
  string;

export type CounterName<C extends MetricCatalogue> = NamesOf<C, 'counter'>;
export type GaugeName<C extends MetricCatalogue> = NamesOf<C, 'gauge'>;
export type HistogramName<C extends MetricCatalogue> = NamesOf<C, 'histogram'>;

/** Exactly the labels that the catalogue lists for a metric. */
export type LabelsOf<C extends MetricCatalogue, N extends keyof C> = Readonly<
  Record<C[N]['labels'][number], string | number>
>;
