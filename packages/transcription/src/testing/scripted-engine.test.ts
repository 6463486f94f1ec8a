import { describe, expect, it } from '@jest/globals';
import { EngineError } from '../engine/engine-error.ts';
import { engineContract } from './contract.ts';
import { afterTransientFaults, byHash, CRASH, createScriptedEngine } from './scripted-engine.ts';

const NEVER = new AbortController().signal;
const OPTIONS = { wantWords: true };
const audio = (value: number) => ({ samples: new Int16Array(16_000).fill(value) });

describe('the engine contract, kept by the scripted engine', () => {
  for (const promise of engineContract) {
    it(promise.name, async () => {
      await promise.run({
        create: () =>
          createScriptedEngine({ delayMs: 20, script: ({ seconds }) => (seconds > 0.2 ? 'some words' : '') }),
        abortAfterMs: 5,
      });
    });
  }
});

describe('the contract itself', () => {
  const caseNamed = (name: string) => {
    const found = engineContract.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no case is called ${name}`);
    return found;
  };

  it('refuses an engine that truncates audio that is too long', async () => {
    const create = () => {
      const engine = createScriptedEngine({ script: () => '', capabilities: { maxSeconds: 60 } });
      return { ...engine, capabilities: { ...engine.capabilities, maxSeconds: 20 } };
    };
    const check = caseNamed('rejects audio that is longer than it takes, rather than cutting it');
    await expect(check.run({ create, abortAfterMs: 1 })).rejects.toThrow('EngineError');
  });

  it('refuses an engine that places words outside the audio', async () => {
    const create = () => {
      const engine = createScriptedEngine({ script: () => 'word' });
      const beyond = [{ text: 'word', startMs: 0, endMs: 90_000 }];
      return {
        ...engine,
        transcribe: async (...args: Parameters<typeof engine.transcribe>) => ({
          ...(await engine.transcribe(...args)),
          segments: beyond,
        }),
      };
    };
    await expect(caseNamed('takes 25 s of audio').run({ create, abortAfterMs: 1 })).rejects.toThrow(
      'lie in the audio',
    );
  });
});

describe('the scripted engine', () => {
  it('fails the first attempts at each audio, and tells the script which attempt it is', async () => {
    const engine = createScriptedEngine({
      script: afterTransientFaults(2, ({ attempt }) => `try ${attempt}`),
    });
    for (const value of [1, 2]) {
      await expect(engine.transcribe(audio(value), OPTIONS, NEVER)).rejects.toThrow(EngineError);
      await expect(engine.transcribe(audio(value), OPTIONS, NEVER)).rejects.toThrow(EngineError);
      expect((await engine.transcribe(audio(value), OPTIONS, NEVER)).text).toBe('try 3');
    }
    expect(engine.calls.map((call) => call.call)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('answers by the hash of the audio, poison included', async () => {
    const probe = createScriptedEngine({ script: () => '' });
    await probe.transcribe(audio(3), OPTIONS, NEVER);
    const poison = probe.calls[0]?.sha256 ?? '';
    const engine = createScriptedEngine({ script: byHash({ [poison]: CRASH }, () => 'fine') });
    await expect(engine.transcribe(audio(3), OPTIONS, NEVER)).rejects.toMatchObject({
      fault: { kind: 'crashed' },
    });
    expect((await engine.transcribe(audio(4), OPTIONS, NEVER)).text).toBe('fine');
  });
});
