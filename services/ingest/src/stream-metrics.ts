import type { Metrics } from '@earshot/runtime';
import type { StreamMetrics } from './stream/context/ports.ts';

/** Counts what the stream edge reports. */
export function createStreamMetrics(metrics: Pick<Metrics, 'add'>): StreamMetrics {
  return {
    streamOpened: () => undefined,
    streamClosed: (transport, closedBy, dialect) =>
      metrics.add('earshot_streams_total', { dialect: dialect ?? transport, outcome: closedBy }),
    segmentStored: (_bytes, cut) => metrics.add('earshot_segments_stored_total', { cut }),
    bytesReceived: (transport, bytes) =>
      metrics.add('earshot_audio_bytes_total', { source: transport }, bytes),
  };
}
