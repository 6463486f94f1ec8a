import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWav } from '@earshot/audio';
import { z } from 'zod';
import { speechLike } from '../../generator/speech-like.ts';
import { createSession } from '../../servers/api-calls.ts';
import { type EarshotNode, startEarshotNode } from '../../servers/earshot-node.ts';
import { startProgram } from '../../servers/program.ts';
import { usageOf } from '../../servers/stream-target.ts';

/** Processor time of one upload of a megabyte, ms, window by window. */
export interface UploadResult {
  readonly bare: readonly number[];
  readonly earshot: readonly number[];
  readonly uploadsPerWindow: number;
}

export interface UploadPlan {
  readonly windows: number;
  readonly uploads: number;
  readonly nodeArgs: readonly string[];
}

type Upload = () => Promise<void>;

const AT_ONCE = 4;
const Hello = z.object({ port: z.int() });

/** The same WAV file, to earshot on a local folder and to a bare server that syncs it into the same file system. */
export async function measureUploads(plan: UploadPlan): Promise<UploadResult> {
  const node = await startEarshotNode({ store: 'folder', nodeArgs: plan.nodeArgs });
  const folder = join(node.earshot.folder.path, 'bare');
  await mkdir(folder);
  const { program, hello } = await startProgram('http-sink', [folder]);
  try {
    const origin = `http://127.0.0.1:${Hello.parse(await hello).port}`;
    const body = Buffer.from(encodeWav(speechLike(16_000, 33).subarray(0, 524_266), 16_000));
    const sides = {
      bare: { pid: program.pid, upload: uploadTo(() => origin, body, {}) },
      earshot: { pid: node.pids[0] ?? 0, upload: await earshotUpload(node, body) },
    };
    const result = { bare: [] as number[], earshot: [] as number[], uploadsPerWindow: plan.uploads };
    for (const { upload } of Object.values(sides)) await repeat(upload, AT_ONCE * 2);
    for (let window = 0; window < plan.windows; window += 1) {
      const order = window % 2 === 0 ? (['bare', 'earshot'] as const) : (['earshot', 'bare'] as const);
      for (const side of order) {
        const { pid, upload } = sides[side];
        const before = await usageOf([pid]);
        await repeat(upload, plan.uploads);
        result[side].push(((await usageOf([pid])).cpuMs - before.cpuMs) / plan.uploads);
      }
    }
    return result;
  } finally {
    await program.stop();
    await node.stop();
  }
}

async function earshotUpload(node: EarshotNode, body: Buffer): Promise<Upload> {
  const { sessionId } = await createSession(node, { upload_type: 'chunked' });
  let number = 0;
  const address = (): string => {
    number += 1;
    return `${node.origin}/voice/v1/sessions/${sessionId}/audio/chunk_${number}.wav`;
  };
  return uploadTo(address, body, node.authorization);
}

function uploadTo(address: () => string, body: Buffer, headers: Readonly<Record<string, string>>): Upload {
  return async () => {
    const answer = await fetch(address(), {
      method: 'POST',
      headers: { 'content-type': 'audio/wav', ...headers },
      body: new Uint8Array(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`an upload was answered ${answer.status}: ${text.slice(0, 200)}`);
  };
}

async function repeat(upload: Upload, times: number): Promise<void> {
  let left = times;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await upload();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
