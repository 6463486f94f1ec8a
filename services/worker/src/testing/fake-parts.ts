import type { JobContext, RecordingWork, SegmentWork, SessionWork } from '@earshot/queue';
import { createGuardedFetch, createLog } from '@earshot/runtime';
import { createCallArchive, createSessionArchive, type ObjectStore } from '@earshot/storage';
import { createTranscriber } from '@earshot/transcription';
import { createScriptedEngine, type Script, type ScriptedEngine } from '@earshot/transcription/testing';
import type { WorkerParts } from '../parts.ts';

/** Parts over a real store, whose queue and index only note what they are told. */
export interface FakeParts extends WorkerParts {
  readonly engine: ScriptedEngine;
  /** Calls to queue and index, as `name detail`. */
  readonly calls: string[];
  /** What the queue answers; a test changes it. */
  readonly queue: {
    session: SessionWork;
    segment: (index: number) => SegmentWork;
    recording: RecordingWork;
  };
}

export const CONTEXT: JobContext = {
  attempt: 1,
  maxAttempts: 5,
  finalAttempt: false,
  postponed: 0,
  mayPostpone: true,
  signal: new AbortController().signal,
};

export function fakeParts(store: ObjectStore, script: Script = () => 'text'): FakeParts {
  const calls: string[] = [];
  const note = (call: string): Promise<void> => {
    calls.push(call);
    return Promise.resolve();
  };
  const engine = createScriptedEngine({ script });
  const engines = { lite: engine, pro: engine };
  const queue: FakeParts['queue'] = {
    session: { state: 'none' },
    segment: () => ({ state: 'none' }),
    recording: { state: 'none' },
  };
  return {
    store,
    archive: createSessionArchive(store),
    callArchive: createCallArchive(store),
    engine,
    engines,
    calls,
    queue,
    producer: {
      decodeUploads: () => note('decode'),
      transcribeFlow: (_ref, segments) => note(`flow ${segments.length}`),
      transcribeSegments: (segments) => note(`segments ${segments.map((one) => one.index).join()}`),
      renderRecording: () => note('render'),
      deliverWebhook: (job) => note(`webhook ${job.event}`),
      counts: () => Promise.reject(new Error('not asked for')),
      hasWork: () => Promise.resolve(queue.session.state === 'unfinished'),
      sessionWork: () => Promise.resolve(queue.session),
      segmentWork: (segment) => Promise.resolve(queue.segment(segment.index)),
      recordingWork: () => Promise.resolve(queue.recording),
      removeSession: (_ref, { segments }) => note(`remove ${segments.length}`).then(() => segments.length),
      close: () => Promise.resolve(),
    },
    index: {
      finish: (_ref, { status }) => note(`finish ${status}`).then(() => true),
      changed: () => note('changed'),
      read: () => Promise.resolve(null),
      liveStream: () => Promise.resolve(null),
      notifyStream: () => note('notify'),
      segments: () => Promise.resolve([]),
      remove: () => note('unindex'),
      addSegments: (_ref, segments) => note(`index ${segments.length}`),
      markSegment: (_ref, { index }, status) => note(`mark ${index} ${status}`),
    },
    events: { append: () => Promise.resolve(true) },
    deliveries: { note: () => Promise.resolve() },
    transcriber: createTranscriber({ engines, clock: Date.now }),
    fetch: createGuardedFetch({ allowPrivate: true }),
    log: createLog({ service: 'test', level: 'silent' }),
    metrics: { add: () => undefined },
    now: () => new Date(),
  };
}
