export { type ContractCase, type ContractSubject, engineContract } from './contract.ts';
export { plainFetch } from './plain-fetch.ts';
export {
  afterTransientFaults,
  byHash,
  CRASH,
  createScriptedEngine,
  type Script,
  type ScriptedAnswer,
  type ScriptedCall,
  type ScriptedEngine,
  type ScriptedOptions,
} from './scripted-engine.ts';
export { writeTinyModel } from './tiny-ctc-model.ts';
export {
  startTranscriptionServer,
  type TranscriptionAnswer,
  type TranscriptionRequest,
  type TranscriptionServer,
} from './transcription-server.ts';
