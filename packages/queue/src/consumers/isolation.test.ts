import { describe, expect, it } from '@jest/globals';
import { createIsolation } from './isolation.ts';

describe('isolation of suspect jobs', () => {
  it('lets ordinary jobs run side by side', async () => {
    const isolation = createIsolation();
    const leaves = await Promise.all([
      isolation.enter(false),
      isolation.enter(false),
      isolation.enter(false),
    ]);
    expect(leaves.every((leave) => leave !== null)).toBe(true);
  });

  it('holds a suspect back until it is alone, and turns others away meanwhile', async () => {
    const isolation = createIsolation();
    const leaveFirst = await isolation.enter(false);
    const leaveSecond = await isolation.enter(false);
    let inside = false;
    const suspect = isolation.enter(true).then((leave) => {
      inside = true;
      return leave;
    });
    expect(await isolation.enter(false)).toBeNull();
    expect(await isolation.enter(true)).toBeNull();
    leaveFirst?.();
    await Promise.resolve();
    expect(inside).toBe(false);
    leaveSecond?.();
    const leaveSuspect = await suspect;
    expect(inside).toBe(true);
    leaveSuspect?.();
    expect(await isolation.enter(false)).not.toBeNull();
  });

  it('lets a suspect in at once when nothing runs', async () => {
    const isolation = createIsolation();
    (await isolation.enter(false))?.();
    expect(await isolation.enter(true)).not.toBeNull();
  });
});
