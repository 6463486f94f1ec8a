import type { StreamRecord } from '@earshot/protocol';
import { createMetrics } from '@earshot/runtime';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createStreamMetrics } from './stream-metrics.ts';

const RECORD: StreamRecord = {
  v: 1,
  epoch: 1,
  transport: 'websocket',
  dialect: 'twilio',
  encoding: 'audio/pcmu',
  bigEndian: null,
  callId: null,
  providerStreamId: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:01:00.000Z',
  closedBy: 'stop',
  frames: 3000,
  malformedFrames: 2,
  duplicateFrames: 0,
  reorderedFrames: 0,
  oddBytes: 0,
  segments: [],
  gaps: [
    { track: 'inbound', from: 0, to: 160, reason: 'missing_frames' },
    { track: 'inbound', from: 800, to: 1120, reason: 'missing_frames' },
    { track: 'outbound', from: 0, to: 8000, reason: 'dropped' },
  ],
  coverage: [],
  warnings: [],
};

describe('the metrics of streams', () => {
  let metrics: ReturnType<typeof createMetrics>;
  beforeEach(() => {
    metrics = createMetrics({ service: 'test' });
  });
  afterEach(() => metrics.close());

  it('tell how a stream ended, what could not be read, and what never came', async () => {
    createStreamMetrics(metrics).streamClosed('websocket', RECORD);
    const text = await metrics.text();
    expect(text).toContain('earshot_streams_total{dialect="twilio",outcome="stop",service="test"} 1');
    expect(text).toContain('earshot_malformed_frames_total{dialect="twilio",service="test"} 2');
    expect(text).toContain('earshot_gap_samples_total{reason="missing_frames",service="test"} 480');
    expect(text).toContain('earshot_gap_samples_total{reason="dropped",service="test"} 8000');
  });

  it('count bytes by way in, and segments by cut', async () => {
    const streams = createStreamMetrics(metrics);
    streams.bytesReceived('http', 640);
    streams.bytesReceived('http', 360);
    streams.segmentStored(44, 'forced');
    const text = await metrics.text();
    expect(text).toContain('earshot_audio_bytes_total{source="http",service="test"} 1000');
    expect(text).toContain('earshot_segments_stored_total{cut="forced",service="test"} 1');
  });
});
