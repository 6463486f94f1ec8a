export { type ContractCase, type ContractSubject, engineContract } from './contract.ts';
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
