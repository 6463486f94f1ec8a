import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { awaitResult, bytesOf, createSession, cut, endSession, streamMessages } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';
import { spokenSample } from '../rig/speech.ts';

const workerMain = fileURLToPath(new URL('../../services/worker/dist/main.js', import.meta.url));
let rig: Rig | undefined;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rig?.stop();
  rig = undefined;
});

/** A worker as a process of its own, so that it can be killed. */
function startWorkerProcess(env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, [workerMain], { env: { ...process.env, ...env }, stdio: 'ignore' });
  children.push(child);
  return child;
}

async function speakInto(target: Rig, seconds: number): Promise<string> {
  const session = await createSession(target, { upload_type: 'stream' });
  const pcm = bytesOf(spokenSample(seconds));
  expect(await streamMessages(session.upload_url, cut(pcm, [6400]))).toBe(1000);
  return session.session_id;
}

async function resultObjects(target: Rig, sessionId: string): Promise<string[]> {
  const { readdir } = await import('node:fs/promises');
  const files = await readdir(`${target.folder.path}/objects/default/${sessionId}`, { recursive: true });
  return files.filter((file) => file.endsWith('.json'));
}

describe('a session whose worker is killed in the middle of a job', () => {
  it('still ends in the one right transcript', async () => {
    rig = await startRig({ worker: false });
    const undisturbed = await speakInto(rig, 25);
    const disturbed = await speakInto(rig, 25);
    const first = startWorkerProcess(rig.env);
    await endSession(rig, disturbed);
    await until(async () => (await rigCounts(rig)).active > 0, { timeoutMs: 30_000 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    first.kill('SIGKILL');
    startWorkerProcess(rig.env);
    const result = await awaitResult(rig, disturbed, 120_000);
    await endSession(rig, undisturbed);
    const calm = await awaitResult(rig, undisturbed, 120_000);
    expect(result.status).toBe('completed');
    expect(result.transcript).toBe(calm.transcript);
    expect((await resultObjects(rig, disturbed)).filter((file) => file === 'transcript.json')).toHaveLength(
      1,
    );
  }, 300_000);
});

describe('a Redis that is emptied between End and result', () => {
  it('loses nothing: queue and index are rebuilt, and there is one transcript', async () => {
    const engine = createScriptedEngine({
      script: ({ seconds }) => `spoken for ${Math.round(seconds)} seconds`,
      delayMs: 300,
    });
    rig = await startRig({ worker: false, engine });
    const sessionId = await speakInto(rig, 40);
    await endSession(rig, sessionId);
    await rig.redis.flushAll();
    await rig.startWorker();
    const early = await rig.call(`/sessions/${sessionId}`);
    expect(early.status).toBe(202);
    const result = await awaitResult(rig, sessionId, 60_000);
    expect(result.status).toBe('completed');
    expect(result.segments).toHaveLength(engine.calls.length);
    expect(result.transcript.match(/spoken for/g)).toHaveLength(engine.calls.length);
  }, 120_000);

  it('also in the middle of the work', async () => {
    const engine = createScriptedEngine({
      script: ({ seconds }) => `spoken for ${Math.round(seconds)} seconds`,
      delayMs: 1500,
    });
    rig = await startRig({ engine });
    const sessionId = await speakInto(rig, 40);
    await endSession(rig, sessionId);
    await until(() => engine.calls.length > 0, { timeoutMs: 30_000 });
    await rig.redis.flushAll();
    const result = await awaitResult(rig, sessionId, 90_000);
    expect(result.status).toBe('completed');
    expect(result.transcript.match(/spoken for/g)).toHaveLength(result.segments.length);
  }, 150_000);
});

describe('one segment that no engine can take', () => {
  it('makes the session partial and names the stretch, with the rest transcribed', async () => {
    const engine = createScriptedEngine({
      script: ({ call }) => (call === 1 ? { fault: { kind: 'rejected', cause: 'bad audio' } } : 'well heard'),
    });
    rig = await startRig({ engine, env: { EARSHOT_CONCURRENCY: '1' } });
    const sessionId = await speakInto(rig, 40);
    await endSession(rig, sessionId);
    const result = await awaitResult(rig, sessionId, 60_000);
    expect(result.status).toBe('partial');
    expect(result.processing_errors).toEqual([expect.objectContaining({ type: 'segment_failed' })]);
    expect(result.segments.map((segment) => segment.status).sort()).toContain('failed');
    expect(result.transcript).toContain('well heard');
  }, 120_000);
});

async function rigCounts(target: Rig | undefined): Promise<{ active: number }> {
  const metrics = await (await fetch(`${target?.origin ?? ''}/metrics`)).text();
  const line = /earshot_queue_jobs\{[^}]*queue="transcribe-segment"[^}]*state="active"[^}]*\} (\d+)/.exec(
    metrics,
  );
  const other = /earshot_queue_jobs\{[^}]*state="active"[^}]*queue="transcribe-segment"[^}]*\} (\d+)/.exec(
    metrics,
  );
  return { active: Number(line?.[1] ?? other?.[1] ?? 0) };
}
