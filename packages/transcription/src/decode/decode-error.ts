/** Why audio could not be decoded, or not to its end. */
export type DecodeReason =
  /** The file breaks off or holds garbage; what could be decoded was. */
  | 'damaged'
  /** The header promises more audio than the file holds. */
  | 'truncated'
  /** A valid container without a sound. */
  | 'no_audio'
  /** No header of its own, and no earlier file that it continues. */
  | 'no_header'
  /** Not audio at all, by its first bytes. */
  | 'refused'
  /** Longer than the limit; the part within it was decoded. */
  | 'too_long'
  | 'too_large'
  | 'timed_out'
  | 'decoder_crashed'
  | 'aborted';

const SENTENCES: Readonly<Record<DecodeReason, string>> = {
  damaged: 'The audio is damaged.',
  truncated: 'The file holds less audio than its header says.',
  no_audio: 'The file holds no audio.',
  no_header: 'The file has no header, and continues no earlier file.',
  refused: 'The file is not audio.',
  too_long: 'The audio is longer than allowed.',
  too_large: 'The file is larger than can be decoded.',
  timed_out: 'Decoding took longer than allowed.',
  decoder_crashed: 'The decoder ended unexpectedly on this file.',
  aborted: 'Decoding was aborted.',
};

/** Audio that cannot be decoded. Its message says nothing of paths or content. */
export class DecodeError extends Error {
  readonly reason: DecodeReason;

  constructor(reason: DecodeReason, options: { cause?: unknown } = {}) {
    super(SENTENCES[reason], options);
    this.name = 'DecodeError';
    this.reason = reason;
  }
}
