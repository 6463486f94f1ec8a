export { createInboundLeg } from './inbound/inbound-leg.ts';
export { createListenerQueue } from './listening/listener-queue.ts';
export { clipSum } from './mix/clip-sum.ts';
export { createPlayout } from './playout/playout.ts';
export type { Clip, InboundLeg, ListenerQueue, Playout, PlayoutEvent } from './ports.ts';
