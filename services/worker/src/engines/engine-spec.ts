import { z } from 'zod';

/** Which engine serves a model, as an operator writes it in one word. */
export type EngineSpec =
  | { readonly kind: 'pocketsphinx' }
  | { readonly kind: 'sherpa'; readonly modelDir: string }
  | { readonly kind: 'openai'; readonly baseUrl: string; readonly model: string };

const FORMS = 'an engine is pocketsphinx, sherpa:/path/to/model or openai:https://host/v1#model';

/** Parses `pocketsphinx`, `sherpa:/path/to/model` and `openai:https://host/v1#model`. */
export const EngineSpec = z.string().transform((text, context): EngineSpec => {
  const spec = parse(text);
  if (spec !== undefined) return spec;
  context.addIssue({ code: 'custom', message: FORMS });
  return z.NEVER;
});

function parse(text: string): EngineSpec | undefined {
  if (text === 'pocketsphinx') return { kind: 'pocketsphinx' };
  const [, kind, rest = ''] = /^(sherpa|openai):(.+)$/s.exec(text) ?? [];
  if (kind === 'sherpa') return { kind, modelDir: rest };
  if (kind !== 'openai' || !URL.canParse(rest)) return undefined;
  const url = new URL(rest);
  const model = decodeURIComponent(url.hash.slice(1));
  const plain = url.username === '' && url.password === '' && url.search === '';
  if (!/^https?:$/.test(url.protocol) || model === '' || !plain) return undefined;
  url.hash = '';
  return { kind, baseUrl: url.href.replace(/\/$/, ''), model };
}

/** Equal specs share one engine. */
export function specName(spec: EngineSpec): string {
  return JSON.stringify(spec);
}
