import { describe, expect, it } from '@jest/globals';
import { createSlots } from './slots.ts';

describe('slots', () => {
  it('are counted for each name by itself', () => {
    const slots = createSlots(2);
    const leave = slots.enter('a');
    expect(slots.enter('a')).not.toBeNull();
    expect(slots.enter('a')).toBeNull();
    expect(slots.enter('b')).not.toBeNull();
    leave?.();
    expect(slots.enter('a')).not.toBeNull();
    expect(slots.enter('a')).toBeNull();
  });
});
