/** What the rig's client reads of a stream event; the rig does not share the server's own reader on purpose. */
export type StreamMessage =
  | {
      readonly event: 'ready';
      readonly epoch: number;
      readonly nextSample: number;
      readonly creditBytes: number;
    }
  | {
      readonly event: 'ack';
      readonly epoch: number;
      readonly received: number;
      readonly durable: number;
      readonly archived: number;
    }
  | {
      readonly event: 'segment';
      readonly firstSample: number;
      readonly samples: number;
      readonly sha256: string;
    }
  | { readonly event: 'other'; readonly name: string };

/** Throws when a message is not what the protocol says. */
export function parseStreamMessage(text: string): StreamMessage {
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null) throw new Error('a stream event is no object');
  const fields = new Map<string, unknown>(Object.entries(body));
  const count = (name: string): number => {
    const value = fields.get(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw new Error(`a stream event has no ${name}`);
    return value;
  };
  const event = String(fields.get('event'));
  switch (event) {
    case 'ready':
      return {
        event,
        epoch: count('epoch'),
        nextSample: count('next_sample'),
        creditBytes: count('credit_bytes'),
      };
    case 'ack':
      return {
        event,
        epoch: count('epoch'),
        received: count('received'),
        durable: count('durable'),
        archived: count('archived'),
      };
    case 'segment':
      return {
        event,
        firstSample: count('first_sample'),
        samples: count('samples'),
        sha256: String(fields.get('sha256')),
      };
    default:
      return { event: 'other', name: event };
  }
}
