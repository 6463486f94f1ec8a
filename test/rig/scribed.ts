import { randomBytes } from 'node:crypto';
import { createKeyring } from '@earshot/runtime';
import { createSessionArchive, openObjectStore } from '@earshot/storage';
import {
  startTranscriptionServer,
  type TranscriptionAnswer,
  type TranscriptionRequest,
} from '@earshot/transcription/testing';
import { type Rig, type RigOptions, startRig } from './earshot.ts';

/** A rig whose speech engine is a server that says what the test decides. */
export interface ScribedRig extends Rig {
  /** What the engine answers from now on. */
  answerWith(answer: AnswerTo): void;
}

/** What the engine says about every segment unless told otherwise. */
export const SCRIBED_TEXT = 'Good morning.';

type AnswerTo = (request: TranscriptionRequest) => TranscriptionAnswer;

const spoken: AnswerTo = () => ({ body: { text: SCRIBED_TEXT, language: 'english' } });

export async function startScribedRig(options: RigOptions = {}): Promise<ScribedRig> {
  let answer: AnswerTo = spoken;
  const server = await startTranscriptionServer((request) => answer(request));
  const engine = `openai:${server.url}#scribe-1`;
  const rig = await startRig({
    ...options,
    env: { EARSHOT_ENGINE_LITE: engine, EARSHOT_ENGINE_PRO: engine, ...options.env },
  });
  return {
    ...rig,
    answerWith(next) {
      answer = next;
    },
    async stop() {
      await rig.stop();
      await server.stop();
    },
  };
}

/** A key of another tenant, made in the rig's own store. */
export async function keyOf(rig: Rig, tenant: string): Promise<string> {
  const store = openObjectStore(`file:${rig.folder.path}/objects`);
  try {
    const keyring = createKeyring({ store: createSessionArchive(store) });
    const key = `sk_test_${randomBytes(16).toString('hex')}`;
    await keyring.importKey(key, { tenant, name: tenant });
    return key;
  } finally {
    await store.close();
  }
}
