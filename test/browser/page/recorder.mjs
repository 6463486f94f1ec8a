/** What the test page can do; the test calls it by `window.earshotPage`. */

const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

const once = (target, event) =>
  new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));

async function callApi(api, path, init = {}) {
  const answer = await fetch(`${api.base}${path}`, {
    ...init,
    credentials: 'include',
    headers: { authorization: `Bearer ${api.key}`, ...init.headers },
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${body.error?.code}`);
  return { status: answer.status, body };
}

const postJson = (api, path, json) =>
  callApi(api, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  });

/** Plays the sample into a MediaRecorder and uploads each slice as it comes, as dictation pages do. */
async function record(api, sampleUrl, sliceMs) {
  const { body: session } = await postJson(api, '/sessions', {
    upload_type: 'chunked',
    communication_protocol: 'http',
    templates: ['transcript'],
  });
  const context = new AudioContext();
  const sample = await context.decodeAudioData(await (await fetch(sampleUrl)).arrayBuffer());
  const player = new AudioBufferSourceNode(context, { buffer: sample });
  const microphone = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  player.connect(microphone);
  const recorder = new MediaRecorder(microphone.stream, { mimeType: 'audio/webm;codecs=opus' });
  const slices = [];
  const uploads = [];
  recorder.addEventListener('dataavailable', ({ data }) => {
    if (data.size === 0) return;
    const name = `audio_${slices.length}.webm`;
    slices.push(data);
    const upload = fetch(`${session.upload_url}/${name}`, {
      method: 'POST',
      credentials: 'include',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': data.type },
      body: data,
    });
    uploads.push(upload.then((answer) => answer.status));
  });
  const ended = once(player, 'ended');
  recorder.start(sliceMs);
  player.start();
  await ended;
  const stopped = once(recorder, 'stop');
  recorder.stop();
  await stopped;
  const statuses = await Promise.all(uploads);
  const { body: end } = await postJson(api, `/sessions/${session.session_id}/end`, {
    audio_files_sent: slices.length,
  });
  const whole = await new Blob(slices).arrayBuffer();
  const decoded = await context.decodeAudioData(whole);
  await context.close();
  return {
    sessionId: session.session_id,
    type: slices[0].type,
    statuses,
    headers: await Promise.all(slices.map(async (slice) => hex(await slice.slice(0, 4).arrayBuffer()))),
    files: end.audio_files,
    recordedSeconds: decoded.duration,
    sampleSeconds: sample.duration,
  };
}

/** Sends frames over a socket, then stop, and waits until the server closes. */
async function stream(url, feed) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let messages = 0;
  socket.addEventListener('message', () => {
    messages += 1;
  });
  await once(socket, 'open');
  const sent = [];
  await feed((bytes) => {
    sent.push(bytes);
    socket.send(bytes);
  });
  const closed = once(socket, 'close');
  socket.send('{"event":"stop"}');
  const { code, wasClean } = await closed;
  const all = await new Blob(sent).arrayBuffer();
  return {
    code,
    wasClean,
    messages,
    frames: sent.length,
    bytes: all.byteLength,
    sha256: hex(await crypto.subtle.digest('SHA-256', all)),
  };
}

async function newStream(api) {
  const request = { upload_type: 'stream', communication_protocol: 'websocket' };
  return (await postJson(api, '/sessions', request)).body;
}

/** Streams raw PCM16 of a file in frames of the given sizes, over and over. */
async function streamFile(api, url, frameBytes) {
  const session = await newStream(api);
  const pcm = await (await fetch(url)).arrayBuffer();
  const outcome = await stream(session.upload_url, async (send) => {
    for (let at = 0, turn = 0; at < pcm.byteLength; turn++) {
      const size = frameBytes[turn % frameBytes.length];
      send(pcm.slice(at, at + size));
      at += size;
    }
  });
  return { sessionId: session.session_id, ...outcome };
}

const TAP = `registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input]) {
    const samples = input[0];
    if (samples !== undefined) {
      const pcm = Int16Array.from(samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32767))));
      this.port.postMessage(pcm.buffer, [pcm.buffer]);
    }
    return true;
  }
});`;

/** Streams what an AudioWorklet hears while the sample plays, 128 samples a frame. */
async function streamWorklet(api, sampleUrl, seconds) {
  const session = await newStream(api);
  const context = new AudioContext({ sampleRate: 16_000 });
  const sample = await context.decodeAudioData(await (await fetch(sampleUrl)).arrayBuffer());
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' })));
  const player = new AudioBufferSourceNode(context, { buffer: sample });
  const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 1 });
  player.connect(tap).connect(context.destination);
  const outcome = await stream(session.upload_url, async (send) => {
    tap.port.onmessage = ({ data }) => send(data);
    player.start();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    tap.port.onmessage = null;
  });
  player.stop();
  await context.close();
  return { sessionId: session.session_id, ...outcome };
}

window.earshotPage = { record, streamFile, streamWorklet };
