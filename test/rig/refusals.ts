import { expect } from '@jest/globals';
import type { Rig } from './earshot.ts';
import { type Answer, codeOf } from './session-calls.ts';
import { spooledFiles, storedObjects } from './stored-objects.ts';

/** Makes a call and expects its refusal, nothing of it stored or left on disk, and a server that goes on. */
export async function expectRefusal(
  rig: Rig,
  [status, code]: readonly [number, string],
  call: () => Promise<Answer>,
): Promise<Answer> {
  const before = await storedObjects(rig);
  const answer = await call();
  expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  expect(await storedObjects(rig)).toEqual(before);
  expect(await spooledFiles(rig)).toEqual([]);
  expect((await fetch(`${rig.origin}/healthz`)).status).toBe(200);
  return answer;
}
