/** One server-sent event. */
export interface ServerEvent {
  readonly type: string;
  readonly data: string;
  /** The place in the server's log, '' when it tells none. */
  readonly place: string;
}

/** A stream that sends this much without ending an event is none, characters. */
const MAX_PENDING = 1_048_576;

/** Reads an event stream, cut anywhere (WHATWG HTML section 9.2.6). */
export class EventReader {
  /** The last place that the server told. */
  place = '';
  /** How long to wait before coming back, ms, if the server said so. */
  retryMs: number | undefined;
  readonly #decoder = new TextDecoder();
  #line = '';
  #isAfterReturn = false;
  #event = emptyEvent();
  #pending = 0;

  /** The events that these bytes complete. Throws RangeError for a stream that never completes one. */
  push(bytes: Uint8Array): ServerEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    // The second half of a CR LF that was cut in two.
    const isHalf = this.#isAfterReturn && text.startsWith('\n');
    if (text !== '') this.#isAfterReturn = text.endsWith('\r');
    if (isHalf) text = text.slice(1);
    this.#pending += text.length;
    const [first = '', ...rest] = text.split(/\r\n|\n|\r/);
    this.#line += first;
    const events: ServerEvent[] = [];
    for (const next of rest) {
      const event = this.#endLine();
      if (event !== undefined) events.push(event);
      this.#line = next;
    }
    if (this.#pending > MAX_PENDING) throw new RangeError('The event stream holds an event without an end.');
    return events;
  }

  #endLine(): ServerEvent | undefined {
    if (this.#line === '') return this.#dispatch();
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(this.#line) ?? [];
    if (name === 'event') this.#event.type = value;
    else if (name === 'data') this.#event.data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#event.place = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const { type, data, place } = this.#event;
    this.place = place ?? this.place;
    this.#event = emptyEvent();
    this.#pending = 0;
    if (data.length === 0) return undefined;
    return { type: type === '' ? 'message' : type, data: data.join('\n'), place: this.place };
  }
}

interface PendingEvent {
  type: string;
  data: string[];
  place: string | undefined;
}

function emptyEvent(): PendingEvent {
  return { type: '', data: [], place: undefined };
}
