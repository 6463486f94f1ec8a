import { decodeMulaw, encodeMulaw } from '@earshot/audio';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { twilioSignature } from '../signature.ts';

const FRAME_BYTES = 160;
const FRAME_MS = 20;
const SILENCE = 0xff;

/** What a server may send on a two-way stream (Twilio, "Media Streams - WebSocket messages"). */
const ServerMessage = z.discriminatedUnion('event', [
  z.object({ event: z.literal('media'), streamSid: z.string(), media: z.object({ payload: z.base64() }) }),
  z.object({ event: z.literal('mark'), streamSid: z.string(), mark: z.object({ name: z.string() }) }),
  z.object({ event: z.literal('clear'), streamSid: z.string() }),
]);
type ServerMessage = z.infer<typeof ServerMessage>;

export interface StreamOrder {
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly accountSid: string;
  readonly authToken: string;
  readonly callSid: string;
  readonly streamSid: string;
  /** The socket is closed, or never opened; `upgraded` tells which. */
  readonly onClose: (upgraded: boolean) => void;
}

/** Twilio's end of one media stream: speaks mu-law in real time, and plays what it gets as slowly as a phone does. */
export class StandInStream {
  /** Audio that the server sent, 8 kHz, in the order of its arrival. */
  readonly received: Int16Array[] = [];
  /** How much of it a caller has heard by now, samples. */
  playedSamples = 0;
  readonly clears: number[] = [];
  /** Messages that Twilio would have refused. */
  readonly violations: string[] = [];
  /** The status of an upgrade that was refused. */
  refusedWith: number | null = null;
  readonly #order: StreamOrder;
  readonly #socket: WebSocket;
  #upgraded = false;
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #chunk = 0;
  #startedAt = 0;
  #sentFrames = 0;
  #speech: Uint8Array[] = [];
  #waiting = 0;
  #marks: { readonly name: string; readonly at: number }[] = [];

  constructor(order: StreamOrder) {
    this.#order = order;
    const signature = twilioSignature(order.authToken, order.url);
    this.#socket = new WebSocket(order.url, { headers: { 'x-twilio-signature': signature } });
    this.#socket.on('open', () => this.#start());
    this.#socket.on('message', (data: Buffer, isBinary) => this.#take(data, isBinary));
    this.#socket.on('unexpected-response', (_request, response) => {
      this.refusedWith = response.statusCode ?? 0;
      this.#socket.terminate();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      clearInterval(this.#timer);
      order.onClose(this.#upgraded);
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Everything received, as one. */
  get heard(): Int16Array {
    return Int16Array.from(this.received.flatMap((part) => [...part]));
  }

  /** Says this, 8 kHz, in the frames to come. Otherwise the line is silent. */
  speak(samples: Int16Array): void {
    const bytes = encodeMulaw(samples);
    for (let at = 0; at < bytes.length; at += FRAME_BYTES)
      this.#speech.push(bytes.slice(at, at + FRAME_BYTES));
  }

  press(digit: string): void {
    this.#send({ event: 'dtmf', dtmf: { track: 'inbound_track', digit } });
  }

  /** The call is over: says so and closes. */
  stop(): void {
    const { accountSid, callSid } = this.#order;
    if (!this.isOpen) return;
    this.#send({ event: 'stop', stop: { accountSid, callSid } });
    this.#socket.close(1000);
  }

  /** The network is gone. */
  cut(): void {
    this.#socket.terminate();
  }

  #start(): void {
    const { accountSid, callSid, streamSid, parameters } = this.#order;
    this.#upgraded = true;
    this.#socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    this.#send({
      event: 'start',
      start: {
        ...{ streamSid, accountSid, callSid, tracks: ['inbound'], customParameters: parameters },
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      },
    });
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#run(), FRAME_MS / 2);
  }

  /** Frames are due by the clock, not by how often the timer fires. */
  #run(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / FRAME_MS);
    for (; this.#sentFrames < due && this.isOpen; this.#sentFrames++) {
      const frame = new Uint8Array(FRAME_BYTES).fill(SILENCE);
      frame.set(this.#speech.shift() ?? []);
      this.#chunk += 1;
      const timestamp = String(this.#sentFrames * FRAME_MS);
      const payload = Buffer.from(frame).toString('base64');
      this.#send({
        event: 'media',
        media: { track: 'inbound', chunk: String(this.#chunk), timestamp, payload },
      });
      const played = Math.min(FRAME_BYTES, this.#waiting);
      this.#waiting -= played;
      this.playedSamples += played;
      this.#answerMarks();
    }
  }

  #take(data: Buffer, isBinary: boolean): void {
    const message = isBinary ? null : ServerMessage.safeParse(jsonOf(data.toString()));
    if (message?.success !== true)
      this.violations.push(isBinary ? 'a binary message' : data.toString().slice(0, 200));
    else if (message.data.streamSid !== this.#order.streamSid) this.violations.push('another stream');
    else this.#obey(message.data);
  }

  #obey(message: ServerMessage): void {
    if (message.event === 'media') {
      const samples = decodeMulaw(Buffer.from(message.media.payload, 'base64'));
      this.received.push(samples);
      this.#waiting += samples.length;
    } else if (message.event === 'mark') {
      this.#marks.push({ name: message.mark.name, at: this.playedSamples + this.#waiting });
      this.#answerMarks();
    } else {
      this.clears.push(this.#waiting);
      this.#waiting = 0;
      this.#marks = this.#marks.map(({ name }) => ({ name, at: 0 }));
      this.#answerMarks();
    }
  }

  #answerMarks(): void {
    while (this.#marks[0] !== undefined && this.#marks[0].at <= this.playedSamples) {
      this.#send({ event: 'mark', mark: { name: this.#marks[0].name } });
      this.#marks.shift();
    }
  }

  #send(message: Readonly<Record<string, unknown>>): void {
    if (!this.isOpen) return;
    this.#sequence += 1;
    const { streamSid } = this.#order;
    this.#socket.send(JSON.stringify({ ...message, sequenceNumber: String(this.#sequence), streamSid }));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
