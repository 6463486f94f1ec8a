import type { HttpServer } from '@earshot/runtime';
import type { RouteDeps } from './deps.ts';
import { registerAudioUpload } from './routes/audio-upload.ts';
import { registerCapacity } from './routes/capacity.ts';
import { registerDiscovery } from './routes/discovery.ts';
import { registerLogin } from './routes/login.ts';
import { registerRecording } from './routes/recording.ts';
import { registerSessionState } from './routes/session-state.ts';
import { registerSessions } from './routes/sessions.ts';
import { registerStreamAudio } from './routes/stream-audio.ts';
import { registerWebhooks } from './routes/webhooks.ts';

/** Every route of the session API. */
export async function registerRoutes(server: HttpServer, deps: RouteDeps): Promise<void> {
  registerCapacity(server, deps);
  registerDiscovery(server, deps);
  registerLogin(server, deps);
  registerSessions(server, deps);
  registerSessionState(server, deps);
  registerRecording(server, deps);
  registerWebhooks(server, deps);
  // Audio bodies are read by their handlers as they arrive, so this scope parses nothing.
  await server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    registerAudioUpload(scope, deps);
    registerStreamAudio(scope, deps);
    done();
  });
}

/** What the OpenAPI document says about the API. */
export const API_DESCRIPTION = {
  title: 'earshot session API',
  version: '0.1.0',
  description:
    'Voice in, transcript out. Create a session, send its audio (files, a live body or a WebSocket at `upload_url`), end it, and read the result. Speaks the MedScribe Alliance protocol 0.1.',
} as const;
