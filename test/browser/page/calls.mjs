/** A live call from a page; the test calls it by `window.earshotCall`. */

import { createCallsClient } from '@earshot/client';

/** Places a call, says the file into it by a realtime session, and tells what came of it. */
async function callAndTalk(api, url) {
  const client = createCallsClient({ baseUrl: api.base, apiKey: api.key });
  const [{ sessionId: line }] = await client.lines();
  const { callId: call } = await client.place(line, { to: 'loop:echo' });
  const name = { line, call };
  while ((await client.get(name)).state !== 'active') await new Promise((done) => setTimeout(done, 50));
  const byKey = await client.openMedia(name).catch(({ message }) => message);
  const heard = [];
  const media = await client.openMedia(
    { wsUrl: await realtimeUrl(api, call) },
    { onAudio: (samples) => heard.push(...samples) },
  );
  const audio = new Float32Array(await (await fetch(url)).arrayBuffer());
  await media.send(audio);
  const mark = await media.mark();
  while (!holds(heard, audio)) await new Promise((done) => setTimeout(done, 50));
  await client.end(name);
  const { code, callEnded } = await media.ended;
  const events = [];
  for await (const { event } of client.events({ line, after: '0-0' })) {
    events.push(event.type);
    if (event.type === 'call.ended') break;
  }
  return { byKey, mark, code, callEnded, events };
}

async function realtimeUrl(api, call) {
  const answer = await fetch(`${api.base}/v1/calls/${call}/realtime-session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.lineKey}` },
    body: JSON.stringify({ mode: 'talk' }),
  });
  return (await answer.json()).wsUrl;
}

/** True when the audio is somewhere in what was heard, sample for sample. */
function holds(heard, audio) {
  const start = heard.indexOf(audio[0]);
  return start >= 0 && audio.every((sample, at) => heard[start + at] === sample);
}

window.earshotCall = callAndTalk;
