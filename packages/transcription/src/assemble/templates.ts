import type { TemplateResult } from '@earshot/protocol';

/** The one template that is built in. */
const TRANSCRIPT_TEMPLATE = 'transcript';

export interface TemplateInput {
  readonly requested: readonly string[];
  readonly text: string;
  /** Code of the session's failure, if it failed. */
  readonly failure: string | undefined;
}

function resultOf(id: string, input: TemplateInput): TemplateResult {
  if (id !== TRANSCRIPT_TEMPLATE) {
    return { status: 'failed', error: { code: 'template_not_found', message: 'No such template.' } };
  }
  if (input.failure === undefined) return { status: 'success', data: { transcript: input.text } };
  const code = input.failure === 'audio_too_short' ? 'insufficient_audio' : 'extraction_failed';
  return { status: 'failed', error: { code, message: 'There is no transcript to fill this template from.' } };
}

/** Results by template id. A template that is not known fails alone, never the session. */
export function templateResults(input: TemplateInput): Record<string, TemplateResult> {
  return Object.fromEntries(input.requested.map((id) => [id, resultOf(id, input)]));
}
