/** What the test page does with the SDK; the test calls it by `window.earshotSdk`. */

import { createEarshotClient } from '@earshot/client';

const FRAME_BYTES = 3200;

/** Streams a file at ten times real time; the test may break things meanwhile. */
async function stream(api, url, options) {
  const audio = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const client = createEarshotClient({ baseUrl: api.base, apiKey: api.key });
  const session = await client.createSession({ upload_type: 'stream' });
  const events = [];
  const live = await client.openStream(session, {
    ...options,
    onEvent: ({ event, transport }) => {
      events.push(event === 'resumed' ? `resumed ${transport}` : event);
    },
    onProgress: ({ durable }) => {
      window.earshotDurable = durable;
    },
  });
  for (let at = 0; at < audio.length; at += FRAME_BYTES) {
    await live.send(audio.subarray(at, at + FRAME_BYTES));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { code } = await live.stop();
  const { acknowledged, progress } = live;
  await client.end(session);
  const { status } = await client.waitForResult(session);
  return { sessionId: session.session_id, code, acknowledged, progress, events, status };
}

/** Uploads a File and what a ReadableStream gives, as two files of one session. */
async function upload(api, url) {
  const client = createEarshotClient({ baseUrl: api.base, apiKey: api.key });
  const session = await client.createSession({ upload_type: 'chunked' });
  const blob = await (await fetch(url)).blob();
  const whole = await client.upload(session, new File([blob], 'visit.wav'));
  const pieces = await client.upload(session, blob.stream(), { name: 'more.wav', pieceBytes: 65_536 });
  await client.end(session);
  const { status, audio_files_received } = await client.waitForResult(session);
  return { status, audio_files_received, whole: whole.files.length, pieces: pieces.files.length };
}

window.earshotSdk = { stream, upload };
