import type { TranscriptFormat } from '@earshot/client';
import { InvalidArgumentError } from 'commander';

export const FORMATS: readonly TranscriptFormat[] = ['txt', 'srt', 'vtt', 'json'];

/** An option's number above 0, whole or not. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}
