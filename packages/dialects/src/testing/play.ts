import { EarshotError, type ErrorCode, type TrackName } from '@earshot/protocol';
import { createStreamDecoder } from '../decoder.ts';
import type {
  DecoderOptions,
  DecoderStats,
  DialectEvent,
  DtmfEvent,
  FormatEvent,
  MarkEvent,
  StreamMessage,
} from '../model/events.ts';

/** What came of a played stream. Gaps are part of a track's samples, as zeros. */
export interface Played {
  readonly events: readonly DialectEvent[];
  readonly error: ErrorCode | null;
  readonly stats: DecoderStats;
  readonly tracks: ReadonlyMap<TrackName, readonly number[]>;
  readonly formats: readonly FormatEvent[];
  readonly gaps: readonly { readonly track: TrackName; readonly samples: number }[];
  readonly warnings: readonly string[];
  readonly stops: number;
  /** Marks and keys, in order. */
  readonly controls: readonly (MarkEvent | DtmfEvent)[];
}

/** A text message of a JSON value, or of a string as it is. */
export function text(value: unknown): StreamMessage {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return { binary: false, data: new TextEncoder().encode(written) };
}

/** A binary message. */
export function binary(...bytes: readonly number[]): StreamMessage {
  return { binary: true, data: Uint8Array.from(bytes) };
}

/** Plays messages into a fresh decoder; after an error it still ends the stream, as a socket does. */
export function play(messages: Iterable<StreamMessage>, options: DecoderOptions = {}): Played {
  const decoder = createStreamDecoder(options);
  const events: DialectEvent[] = [];
  let error: ErrorCode | null = null;
  try {
    for (const message of messages) events.push(...decoder.push(message));
  } catch (thrown) {
    if (!(thrown instanceof EarshotError)) throw thrown;
    error = thrown.code;
  }
  events.push(...decoder.end());
  return { events, error, stats: decoder.stats, ...sorted(events) };
}

function sorted(events: readonly DialectEvent[]): Omit<Played, 'events' | 'error' | 'stats'> {
  const tracks = new Map<TrackName, number[]>();
  const formats: FormatEvent[] = [];
  const gaps: { track: TrackName; samples: number }[] = [];
  const warnings: string[] = [];
  const controls: (MarkEvent | DtmfEvent)[] = [];
  let stops = 0;
  const add = (track: TrackName, samples: Iterable<number>): void => {
    const known = tracks.get(track) ?? [];
    tracks.set(track, known);
    for (const sample of samples) known.push(sample);
  };
  for (const event of events) {
    if (event.type === 'audio') add(event.frame.track, event.frame.samples);
    else if (event.type === 'gap') {
      gaps.push({ track: event.track, samples: event.samples });
      add(event.track, new Array<number>(event.samples).fill(0));
    } else if (event.type === 'format') formats.push(event);
    else if (event.type === 'warning') warnings.push(event.issue.type);
    else if (event.type === 'stop') stops += 1;
    else controls.push(event);
  }
  return { tracks, formats, gaps, warnings, stops, controls };
}
