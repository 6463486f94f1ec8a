import type { Metrics } from '@earshot/runtime';
import type { MediaObserver } from './media-deps.ts';

/** Counts what media sockets go through. */
export function createMediaObserver(metrics: Pick<Metrics, 'add'>): MediaObserver {
  return {
    opened: () => undefined,
    closed: ({ by, mode }, outcome) => metrics.add('earshot_media_sockets_total', { by, mode, outcome }),
    refused: (code) => metrics.add('earshot_media_refused_total', { code }),
    gap: (_callId, samples) => metrics.add('earshot_media_gap_samples_total', {}, samples),
    ignored: (_callId, bytes) => metrics.add('earshot_media_ignored_bytes_total', {}, bytes),
    malformed: () => metrics.add('earshot_media_malformed_total', {}),
  };
}
