import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { type DirectRead, directReadOf } from './direct-read.ts';
import { FrameBoundary } from './frame-boundary.ts';
import { takePlainMessages } from './plain-messages.ts';
import { limitReadAhead } from './read-ahead.ts';
import type { Paced, ReadPace } from './read-pace.ts';

/** A read that brings so many bytes is followed by the next at once: its sender is ahead of real time. */
const AHEAD_BYTES = 16_384;
/** Turns without a byte after which a client counts as silent: one whose frames are as long as a turn misses some. */
const SILENT_TURNS = 3;

/** What a client sent: one message, or binary ones that came one behind the other. */
export interface ReadMessage {
  readonly binary: boolean;
  /** Valid during the call only. */
  readonly data: Uint8Array;
  /** How many messages brought the bytes; 1 for text. */
  readonly messages: number;
}

/** Takes what is read; it throws nothing. */
export interface MessageSink {
  message(message: ReadMessage): void;
  /** All that could be read for now was given. */
  rested(): void;
}

type DataListener = (chunk: Uint8Array) => void;

/**
 * Reads a WebSocket at a pace: frames wait in the kernel, so that one read brings all of an interval instead of a
 * wake-up for each. Plain messages are taken from the bytes here; everything else goes through the library, which
 * sees nothing but whole frames in their order, so that it may take over at any time.
 */
export class PacedReader implements Paced {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #sink: MessageSink;
  readonly #boundary = new FrameBoundary();
  /** The library's own listener while it is taken off the socket. */
  #library: DataListener | undefined;
  #readNow: DirectRead = () => undefined;
  #leavePace: () => void = () => undefined;
  #restoreReadAhead: () => void = () => undefined;
  /** Node reads what comes next. */
  #isWaiting = false;
  #emptyTurns = 0;
  #isGiving = false;
  /** The library wants no more bytes. */
  #isOver = false;

  /** To be called in the tick in which the socket was opened. Without a pace it is read as bytes come. */
  constructor(
    client: { readonly webSocket: WebSocket; readonly socket: Duplex },
    pace: ReadPace | undefined,
    sink: MessageSink,
  ) {
    this.#webSocket = client.webSocket;
    this.#socket = client.socket;
    this.#sink = sink;
    this.#webSocket.on('message', (data, binary) => this.#passOn(toBytes(data), binary));
    if (pace !== undefined) this.#takeOver(pace);
  }

  /** Reads what came since the last turn. */
  turn(): void {
    if (this.#webSocket.isPaused) return;
    if (this.#socket.readableLength > 0) {
      this.#read();
      return;
    }
    const chunk = this.#isWaiting ? undefined : this.#readNow();
    this.#emptyTurns = chunk?.length === 0 ? this.#emptyTurns + 1 : 0;
    if (chunk === undefined || this.#emptyTurns === SILENT_TURNS) this.#wait();
    else if (chunk.length > 0) this.#take(chunk, copied);
  }

  /** What comes next is read by node as soon as it comes, be it the end. */
  #wait(): void {
    this.#isWaiting = true;
    this.#socket.read(0);
  }

  /** From now on the library reads the socket, as bytes come. */
  release(): void {
    const library = this.#leave();
    if (library === undefined || this.#isOver) return;
    this.#socket.on('data', library);
    // Behind what the stream does by itself when its listeners change, for that forgets a pause.
    process.nextTick(() => {
      if (this.#webSocket.isPaused) this.#socket.pause();
      else this.#socket.resume();
    });
  }

  #takeOver(pace: ReadPace): void {
    const socket = this.#socket;
    const [library, ...others] = socket.listeners('data');
    if (!isDataListener(library) || others.length > 0) return;
    const restore = limitReadAhead(socket);
    if (restore === undefined) return;
    this.#restoreReadAhead = restore;
    this.#library = library;
    this.#readNow = directReadOf(socket) ?? this.#readNow;
    socket.off('data', library);
    socket.on('readable', this.#onReadable);
    // In front of the library's listener, which would take what is left for the bytes of a frame that it began.
    socket.prependListener('close', this.#onClose);
    this.#webSocket.once('error', this.#stop);
    this.#leavePace = pace.add(this);
  }

  /** Gives back the library's listener if it was taken. */
  #leave(): DataListener | undefined {
    const library = this.#library;
    if (library === undefined) return undefined;
    this.#library = undefined;
    this.#leavePace();
    this.#restoreReadAhead();
    this.#socket.off('readable', this.#onReadable);
    this.#socket.off('close', this.#onClose);
    this.#webSocket.off('error', this.#stop);
    return library;
  }

  /** The library reads no more: it has seen a close frame, or a broken one. */
  readonly #stop = (): void => {
    this.#isOver = true;
    if (this.#leave() !== undefined) process.nextTick(() => this.#socket.resume());
  };

  readonly #onReadable = (): void => {
    this.#isWaiting = false;
    if (!this.#webSocket.isPaused) this.#read();
  };

  readonly #onClose = (): void => {
    this.#read();
    this.#leave();
  };

  #read(): void {
    const chunk: unknown = this.#socket.read();
    if (chunk instanceof Uint8Array) this.#take(chunk, itself);
  }

  /** `own` makes bytes of the chunk such that the library may keep them. */
  #take(chunk: Uint8Array, own: (bytes: Uint8Array) => Uint8Array): void {
    this.#give(chunk, own);
    if (chunk.length >= AHEAD_BYTES && this.#library !== undefined && !this.#webSocket.isPaused) {
      this.#wait();
    }
  }

  #give(chunk: Uint8Array, own: (bytes: Uint8Array) => Uint8Array): void {
    const library = this.#library;
    this.#isGiving = true;
    this.#boundary.beginChunk();
    for (let at = 0; at < chunk.length && library !== undefined && !this.#isOver; ) {
      if (this.#library !== undefined && this.#boundary.isClean) {
        at = takePlainMessages(chunk, at, this.#sink);
        if (at === chunk.length) break;
      }
      // Once released in the midst of a chunk, the library has all the rest of it.
      const end = this.#library === undefined ? chunk.length : this.#boundary.pass(chunk, at);
      Reflect.apply(library, this.#socket, [own(chunk.subarray(at, end))]);
      if (this.#boundary.isClosed) this.#stop();
      at = end;
    }
    this.#isGiving = false;
    this.#sink.rested();
  }

  #passOn(data: Uint8Array, binary: boolean): void {
    this.#sink.message({ binary, data, messages: 1 });
    if (!this.#isGiving) this.#sink.rested();
  }
}

const itself = (bytes: Uint8Array): Uint8Array => bytes;
const copied = (bytes: Uint8Array): Uint8Array => Buffer.from(bytes);

function isDataListener(listener: unknown): listener is DataListener {
  return typeof listener === 'function';
}

function toBytes(data: RawData): Uint8Array {
  const buffer = Array.isArray(data) ? Buffer.concat(data) : data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
