import type { Utterance } from '@earshot/protocol';

/** A silence as long as this begins a new line, ms. */
const LINE_PAUSE_MS = 1500;

/**
 * The transcript as lines: a new one where the track changes or after a longer silence. With several tracks each
 * line begins with its label, as in `inbound: text`.
 */
export function transcriptText(utterances: readonly Utterance[], labelled: boolean): string {
  const lines: string[] = [];
  let previous: Utterance | undefined;
  for (const utterance of utterances) {
    const line = lines.at(-1);
    const follows = previous?.track === utterance.track && utterance.startMs - previous.endMs < LINE_PAUSE_MS;
    if (line !== undefined && follows) lines[lines.length - 1] = `${line} ${utterance.text}`;
    else lines.push(labelled ? `${utterance.track}: ${utterance.text}` : utterance.text);
    previous = utterance;
  }
  return lines.join('\n');
}
