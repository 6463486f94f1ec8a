import type { EngineCapabilities } from '../engine/engine.ts';

export interface EngineLanguage {
  /** What to tell the engine, if anything. */
  readonly language?: string;
  /** False when the hint names a language that the engine does not know. */
  readonly supported: boolean;
}

/** A session's language hint as an engine takes it: no region, nothing for `auto`, nothing it does not know. */
export function engineLanguage(hint: string | null, capabilities: EngineCapabilities): EngineLanguage {
  if (hint === null || hint === 'auto' || hint === 'auto_detect') return { supported: true };
  const language = hint.split('-')[0] ?? hint;
  const known = capabilities.languages === 'any' || capabilities.languages.includes(language);
  return known ? { language, supported: true } : { supported: false };
}
