import type { Transcript } from '@earshot/protocol';
import { type Cue, cuesOf } from './cues.ts';

export const TRANSCRIPT_FORMATS = ['json', 'txt', 'srt', 'vtt'] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

function timestamp(ms: number, decimalMark: ',' | '.'): string {
  const whole = Math.round(ms);
  const clock = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60];
  return `${clock.map((part) => pad(Math.floor(part), 2)).join(':')}${decimalMark}${pad(whole % 1000, 3)}`;
}

/** SubRip has no escapes, and players read `<...>` as styling: angle brackets become look-alikes. */
const srtText = (text: string): string => text.replaceAll('<', '‹').replaceAll('>', '›');

/** WebVTT cue text escapes (W3C WebVTT, section 4.2.2). */
const vttText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const hasSeveralTracks = (cues: readonly Cue[]): boolean => new Set(cues.map((cue) => cue.track)).size > 1;

function renderSrt(cues: readonly Cue[]): string {
  const labelled = hasSeveralTracks(cues);
  return cues
    .map((cue, index) => {
      const text = cue.lines.map(srtText).join('\n');
      const times = `${timestamp(cue.startMs, ',')} --> ${timestamp(cue.endMs, ',')}`;
      return `${index + 1}\n${times}\n${labelled ? `${cue.track}: ` : ''}${text}\n`;
    })
    .join('\n');
}

function renderVtt(cues: readonly Cue[]): string {
  const labelled = hasSeveralTracks(cues);
  const blocks = cues.map((cue) => {
    const text = cue.lines.map(vttText).join('\n');
    const times = `${timestamp(cue.startMs, '.')} --> ${timestamp(cue.endMs, '.')}`;
    return `\n${times}\n${labelled ? `<v ${cue.track}>` : ''}${text}\n`;
  });
  return `WEBVTT\n${blocks.join('')}`;
}

function renderJson(transcript: Transcript): string {
  const { sessionId, status, completedAt, languageDetected, text, utterances } = transcript;
  const engine = {
    name: transcript.engine,
    model: transcript.engineModel,
    version: transcript.engineVersion,
  };
  return `${JSON.stringify(
    {
      session_id: sessionId,
      status,
      completed_at: completedAt,
      language_detected: languageDetected,
      engine,
      transcript: text,
      utterances,
    },
    null,
    2,
  )}\n`;
}

/** A transcript as a file: JSON, plain text, SubRip or WebVTT; UTF-8, ends with a line break. */
export function renderTranscript(transcript: Transcript, format: TranscriptFormat): string {
  switch (format) {
    case 'json':
      return renderJson(transcript);
    case 'txt':
      return transcript.text === '' ? '' : `${transcript.text}\n`;
    case 'srt':
      return renderSrt(cuesOf(transcript.utterances));
    case 'vtt':
      return renderVtt(cuesOf(transcript.utterances));
  }
}
