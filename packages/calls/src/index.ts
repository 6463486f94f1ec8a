export type { Clip, InboundLeg, ListenerQueue, Playout, PlayoutEvent } from './ports.ts';
