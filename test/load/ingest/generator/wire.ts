import { encodeMulaw } from '@earshot/audio';
import { speechLike } from './speech-like.ts';

/** What streams carry: the name tells audio and frame. */
export const WIRES = ['pcm16_20ms', 'twilio_20ms', 'pcm16_100ms'] as const;
export type WireName = (typeof WIRES)[number];

/** A stream's messages as bytes that are ready to be written: masked WebSocket frames, each built once for all streams. */
export interface Wire {
  readonly frameMs: number;
  readonly samplesPerFrame: number;
  /** Subprotocol to ask earshot for. */
  readonly protocol: string | undefined;
  /** What opens a stream. */
  readonly opening: readonly Message[];
  /** Message `index` of any stream. */
  frame(index: number): Message;
}

interface Message {
  readonly wire: Buffer;
  /** Of the message without its WebSocket header. */
  readonly payloadBytes: number;
}

/** Audio repeats after this, s. */
const LOOP_SECONDS = 60;
/** Zeros would spare the server its unmasking. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const TEXT = 1;
const BINARY = 2;
const PONG = 10;

export function wireOf(name: WireName): Wire {
  if (name === 'twilio_20ms') return twilioWire();
  return pcmWire(name === 'pcm16_20ms' ? 20 : 100);
}

/** Answers a ping. */
export function pong(data: Buffer): Buffer {
  return masked(PONG, data).wire;
}

function masked(opcode: number, payload: Buffer): Message {
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  MASK.copy(head, head.length - 4);
  const body = Buffer.from(payload.map((byte, index) => byte ^ (MASK[index % 4] ?? 0)));
  return { wire: Buffer.concat([head, body]), payloadBytes: payload.length };
}

function pcmWire(frameMs: number): Wire {
  const audio = speechLike(16_000, LOOP_SECONDS);
  const samplesPerFrame = 16 * frameMs;
  const frames = audio.length / samplesPerFrame;
  const built = remembered((place) => {
    const { buffer } = audio.slice(place * samplesPerFrame, (place + 1) * samplesPerFrame);
    return masked(BINARY, Buffer.from(buffer));
  });
  return {
    frameMs,
    samplesPerFrame,
    protocol: 'earshot.v1',
    opening: [],
    frame: (index) => built(index % frames),
  };
}

const STREAM_SID = 'MZ0123456789abcdef0123456789abcdef';

/** The messages of Twilio Media Streams, as its documentation shows them: mu-law of 8 kHz in base64. */
function twilioWire(): Wire {
  const audio = encodeMulaw(speechLike(8000, LOOP_SECONDS));
  const text = (message: object): Message => masked(TEXT, Buffer.from(JSON.stringify(message)));
  const frames = audio.length / 160;
  return {
    frameMs: 20,
    samplesPerFrame: 160,
    protocol: undefined,
    opening: [text({ event: 'connected', protocol: 'Call', version: '1.0.0' }), text(twilioStart)],
    frame: remembered((index) => {
      const from = (index % frames) * 160;
      const payload = Buffer.from(audio.subarray(from, from + 160)).toString('base64');
      const media = { track: 'inbound', chunk: String(index + 1), timestamp: String(index * 20), payload };
      return text({ event: 'media', sequenceNumber: String(index + 2), media, streamSid: STREAM_SID });
    }),
  };
}

const twilioStart = {
  event: 'start',
  sequenceNumber: '1',
  start: {
    accountSid: 'AC0123456789abcdef0123456789abcdef',
    streamSid: STREAM_SID,
    callSid: 'CA0123456789abcdef0123456789abcdef',
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: {},
  },
  streamSid: STREAM_SID,
};

function remembered(build: (index: number) => Message): (index: number) => Message {
  const known = new Map<number, Message>();
  return (index) => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const made = build(index);
    known.set(index, made);
    return made;
  };
}
