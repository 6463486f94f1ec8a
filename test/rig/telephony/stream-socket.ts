import { once } from 'node:events';
import { decodeAlaw, decodeMulaw, decodePcm16le } from '@earshot/audio';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Platform } from './platforms.ts';
import type { Sent } from './tape.ts';

const CODECS = { pcm16: decodePcm16le, mulaw: decodeMulaw, alaw: decodeAlaw };

const Media = z.object({ media: z.object({ payload: z.base64() }) });

/** The platform's end of a media stream. */
export interface StreamSocket {
  say(messages: readonly Sent[]): void;
  close(): void;
  /** The close code, whoever closed. */
  readonly closed: Promise<number>;
  /** Everything that came back, as the platform plays it. */
  heard(): Int16Array;
  /** The shapes of the messages that came back. */
  shapes(): ReadonlySet<string>;
}

export interface Dialling {
  readonly origin: string;
  /** Instead of the platform's own. */
  readonly proof?: Record<string, string>;
}

/** Dials the calls service as the platform does; rejects with the status when it is not let in. */
export async function dialStream(platform: Platform, { origin, proof }: Dialling): Promise<StreamSocket> {
  const { name, pathSecret, protocol, codec } = platform;
  const path = [
    'carriers',
    'media-streams',
    `lin_${name}`,
    ...(pathSecret === undefined ? [] : [pathSecret]),
  ];
  const url = `${origin.replace(/^http/, 'ws')}/${path.join('/')}`;
  const headers = proof ?? platform.proof(url);
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { headers });
  const messages: Sent[] = [];
  socket.on('message', (data: Buffer, binary) =>
    messages.push(binary ? Uint8Array.from(data) : data.toString()),
  );
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  await once(socket, 'open');
  return {
    closed,
    say: (sent) => {
      for (const message of sent) socket.send(message);
    },
    close: () => socket.close(1000),
    heard: () => {
      const parts = messages.flatMap((message) => payloadOf(message)).map((bytes) => CODECS[codec](bytes));
      return Int16Array.from(parts.flatMap((part) => [...part]));
    },
    shapes: () => new Set(messages.map(shapeOf)),
  };
}

function payloadOf(message: Sent): Uint8Array[] {
  if (typeof message !== 'string') return [message];
  const media = Media.safeParse(JSON.parse(message));
  return media.success ? [Uint8Array.from(Buffer.from(media.data.media.payload, 'base64'))] : [];
}

/** What a message is called, and the names of its fields. */
export function shapeOf(message: Sent): string {
  if (typeof message !== 'string') return 'binary';
  const value = z.record(z.string(), z.unknown()).parse(JSON.parse(message));
  return JSON.stringify([value['event'] ?? value['type'] ?? value['action'] ?? null, namesOf(value)]);
}

function namesOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => [name, namesOf(field)]);
}
