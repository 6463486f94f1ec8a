import type { SegmenterOptions } from '@earshot/audio';
import type { Handlers } from '@earshot/queue';
import type { WorkerParts } from '../parts.ts';
import { createRenderRecording, type RenderOptions } from '../recordings/render-recording.ts';
import { createAssembleTranscript } from './assemble-transcript.ts';
import { createDecodeUploads } from './decode-uploads.ts';
import { createDeliverWebhook } from './deliver-webhook.ts';
import { patient } from './outages.ts';
import { createTranscribeSegment } from './transcribe-segment.ts';

/** The worker's side of the job catalogue. */
export function createHandlers(
  parts: WorkerParts,
  cut: Omit<SegmenterOptions, 'sampleRate'>,
  recordings: RenderOptions,
): Handlers {
  return {
    'decode-uploads': patient(createDecodeUploads(parts, cut)),
    'transcribe-segment': patient(createTranscribeSegment(parts)),
    'assemble-transcript': patient(createAssembleTranscript(parts)),
    'render-recording': patient(createRenderRecording(parts, recordings)),
    'deliver-webhook': patient(createDeliverWebhook(parts)),
  };
}
