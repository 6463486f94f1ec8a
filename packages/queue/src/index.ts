export { JOBS, type JobName, type JobRow, type JobTypes } from './catalogue.ts';
export { type ConsumerOptions, type Consumers, createConsumers } from './consumers/consumers.ts';
export type { Handler, Handlers, JobContext, JobOutcome } from './consumers/job-run.ts';
export { planDeliveries, planRemoval, planSegments } from './plan.ts';
export type { QueueCounts } from './producer/counts.ts';
export { createQueueProducer, type QueueProducer, type QueueProducerOptions } from './producer/producer.ts';
export type { SessionJobs } from './producer/removal.ts';
export type { RecordingWork, SegmentWork, SessionWork } from './producer/session-work.ts';
export { GiveUp, RetryLater } from './verdicts.ts';
