import { renderModelGuide } from '@earshot/transcription';

const SETTINGS = `Then start earshot with one of these (EARSHOT_ENGINE_LITE likewise; "earshot doctor" says whether it works):
  EARSHOT_ENGINE_PRO=sherpa:/path/to/the/model/folder
  EARSHOT_ENGINE_PRO=openai:http://host:8000/v1#model-name    (any server with /v1/audio/transcriptions)
  EARSHOT_ENGINE_PRO=pocketsphinx                             (the embedded default, English only)`;

/** How to go beyond the embedded engine, for a person with a terminal. */
export function modelsGuide(): string {
  return `${renderModelGuide()}\n${SETTINGS}`;
}
