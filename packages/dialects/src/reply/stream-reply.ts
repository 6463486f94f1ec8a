import { EarshotError } from '@earshot/protocol';
import type { FormatEvent } from '../model/events.ts';
import { parseEncoding, parseSampleRate } from '../wire/encoding.ts';
import type { ReplyMessage, ReplyOptions, StreamReply } from './reply.ts';
import type { ReplyFormat, ReplyStyle, ReplyWriter } from './reply-style.ts';
import { encodeSamples } from './sample-coder.ts';
import { SamplePacker } from './sample-packer.ts';
import { jambonzReply, vonageReply } from './styles/binary-style.ts';
import { plivoReply } from './styles/plivo-style.ts';
import { exotelReply, telnyxReply, twilioReply, wavixReply } from './styles/twilio-style.ts';
import { voximplantReply } from './styles/voximplant-style.ts';

/** Dialects with a way back; the others only bring audio. */
const STYLES: ReadonlyMap<string, ReplyStyle> = new Map([
  ['twilio', twilioReply],
  ['signalwire', twilioReply],
  ['exotel', exotelReply],
  ['telnyx', telnyxReply],
  ['wavix', wavixReply],
  ['vobiz', plivoReply],
  ['vobiz-flat', plivoReply],
  ['plivo', plivoReply],
  ['vonage', vonageReply],
  ['jambonz', jambonzReply],
  ['voximplant', voximplantReply],
]);

const PACKETS_PER_SECOND = 50;

/**
 * The way back of a stream, from its newest `format` event; null where the dialect has none or the opening rules it
 * out. Throws unsupported_encoding for options that name a codec or a rate that cannot be written.
 */
export function createStreamReply(stream: FormatEvent, options: ReplyOptions = {}): StreamReply | null {
  const style = STYLES.get(stream.dialect);
  if (style === undefined || stream.bidirectional === false) return null;
  const format = replyFormat(stream, style, options);
  const sampleBytes = format.codec === 'pcm16' ? 2 : 1;
  const packetSamples =
    style.packetBytes === null
      ? Math.round(format.sampleRate / PACKETS_PER_SECOND)
      : style.packetBytes / sampleBytes;
  const writer = style.open({ format, streamId: stream.streamId });
  return new PacketReply({ writer, format, padded: style.padded }, packetSamples);
}

interface ReplySetup {
  readonly writer: ReplyWriter;
  readonly format: ReplyFormat;
  readonly padded: boolean;
}

class PacketReply implements StreamReply {
  readonly #setup: ReplySetup;
  readonly #packer: SamplePacker;

  constructor(setup: ReplySetup, packetSamples: number) {
    this.#setup = setup;
    this.#packer = new SamplePacker(packetSamples);
  }

  get sampleRate(): number {
    return this.#setup.format.sampleRate;
  }

  get marks(): boolean {
    return this.#setup.writer.mark !== null;
  }

  get clears(): boolean {
    return this.#setup.writer.clear !== null;
  }

  media(samples: Int16Array): ReplyMessage[] {
    return this.#write(this.#packer.push(samples));
  }

  mark(name: string): ReplyMessage[] {
    const { writer, padded } = this.#setup;
    if (writer.mark === null) return [];
    return [...this.#write(this.#packer.flush({ padded })), writer.mark(name)];
  }

  clear(): ReplyMessage[] {
    this.#packer.drop();
    return this.#setup.writer.clear?.() ?? [];
  }

  hangup(): ReplyMessage | null {
    return this.#setup.writer.hangup();
  }

  #write(packets: readonly Int16Array[]): ReplyMessage[] {
    const { writer, format } = this.#setup;
    return packets.flatMap((packet) => writer.media(encodeSamples(packet, format), packet.length));
  }
}

/** What the operator states beats the stream's own format, which is what the platform usually takes back too. */
function replyFormat(stream: FormatEvent, style: ReplyStyle, options: ReplyOptions): ReplyFormat {
  const asked = parseEncoding(options.encoding);
  const codec = (asked ?? parseEncoding(stream.encoding))?.codec;
  if (codec === undefined || codec === 'float32') {
    throw new EarshotError('unsupported_encoding', { message: 'Audio is not sent back in this encoding.' });
  }
  const streamOrder = asked?.bigEndian ?? stream.bigEndian ?? false;
  return {
    codec,
    bigEndian: style.order === 'stream' && streamOrder,
    sampleRate: parseSampleRate(options.sampleRate ?? asked?.sampleRate) ?? stream.sampleRate,
  };
}
