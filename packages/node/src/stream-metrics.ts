import type { IntakeMetrics, Transport } from '@earshot/intake';
import type { Metrics } from '@earshot/runtime';

interface BytesMetric {
  bytesReceived(transport: Transport, bytes: number): void;
}

/** Counts what the intake and its edges report. */
export function createStreamMetrics(metrics: Pick<Metrics, 'add'>): IntakeMetrics & BytesMetric {
  return {
    streamOpened: () => undefined,
    streamClosed(_transport, { dialect, closedBy, malformedFrames, gaps }) {
      metrics.add('earshot_streams_total', { dialect, outcome: closedBy });
      metrics.add('earshot_malformed_frames_total', { dialect }, malformedFrames);
      for (const { reason, from, to } of gaps) {
        metrics.add('earshot_gap_samples_total', { reason }, to - from);
      }
    },
    segmentStored: (_bytes, cut) => metrics.add('earshot_segments_stored_total', { cut }),
    bytesReceived: (transport, bytes) =>
      metrics.add('earshot_audio_bytes_total', { source: transport }, bytes),
  };
}
