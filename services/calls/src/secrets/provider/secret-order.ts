import type { RealtimeSecretType } from '@earshot/protocol';

/** What a provider is asked for, already judged against its lists. */
export interface SecretOrder {
  readonly type: RealtimeSecretType;
  readonly model: string;
  /** Null for transcriptions. */
  readonly voice: string | null;
  readonly ttlSeconds: number;
}

/** This model takes whole utterances only, so the server must not detect turns. */
const WITHOUT_TURNS = 'gpt-realtime-whisper';

function transcriptionInput(model: string): object {
  const input = { transcription: { model } };
  return model === WITHOUT_TURNS ? { ...input, turn_detection: null } : input;
}

/** The body of OpenAI's `POST /v1/realtime/client_secrets`. */
export function clientSecretBody({ type, model, voice, ttlSeconds }: SecretOrder): object {
  const session =
    type === 'realtime'
      ? { type, model, audio: { output: { voice } } }
      : { type, audio: { input: transcriptionInput(model) } };
  return { expires_after: { anchor: 'created_at', seconds: ttlSeconds }, session };
}

/** The body of OpenAI's former `POST /v1/realtime/sessions`, which sets the life of the secret by itself. */
export function formerSessionBody({ model, voice }: SecretOrder): object {
  return { model, voice, modalities: ['audio', 'text'] };
}
