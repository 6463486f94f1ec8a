import type { Duplex } from 'node:stream';

/** The part of a stream's state that node lets nobody set once the stream is made. */
interface ReadState {
  highWaterMark: number;
}

/**
 * Makes a socket read only when it is asked to: with no room of its own it stops listening to the kernel after every
 * read. The answer undoes that; undefined where this version of node keeps the mark elsewhere, and nothing is changed.
 */
export function limitReadAhead(socket: Duplex): (() => void) | undefined {
  const state: unknown = Reflect.get(socket, '_readableState');
  if (!isReadState(state) || state.highWaterMark !== socket.readableHighWaterMark) return undefined;
  const before = state.highWaterMark;
  state.highWaterMark = 0;
  return () => {
    state.highWaterMark = before;
  };
}

function isReadState(state: unknown): state is ReadState {
  return (
    typeof state === 'object' &&
    state !== null &&
    'highWaterMark' in state &&
    typeof state.highWaterMark === 'number'
  );
}
