export {
  type CallDue,
  type CallInput,
  type CallRow,
  type CallTransition,
  callDue,
  newCall,
  transitionCall,
} from './call/call-machine.ts';
export { createTickCounter, type TickCounter } from './clock/tick-counter.ts';
export { createInboundLeg } from './inbound/inbound-leg.ts';
export { createListenerQueue } from './listening/listener-queue.ts';
export { clipSum } from './mix/clip-sum.ts';
export { createPlayout } from './playout/playout.ts';
export type { Clip, InboundLeg, ListenerQueue, Playout, PlayoutEvent } from './ports.ts';
export { encodeFloat32le } from './wire/float32-encoder.ts';
export { createSampleReader, type SampleReader } from './wire/sample-reader.ts';
