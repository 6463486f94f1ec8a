import { describe, expect, it } from '@jest/globals';
import { SampleTape } from './sample-tape.ts';

function counting(from: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, index) => from + index);
}

describe('the sample tape', () => {
  it('copies out any stretch of what was appended', () => {
    const tape = new SampleTape(6, 0);
    for (let start = 0; start < 30; start += 3) tape.append(counting(start, 3));
    for (let from = 0; from <= 30; from += 1) {
      for (let to = from; to <= 30; to += 1)
        expect([...tape.copy(from, to)]).toEqual([...counting(from, to - from)]);
    }
  });

  it('keeps what lies behind the position that it forgets', () => {
    const tape = new SampleTape(6, 100);
    for (let start = 100; start < 130; start += 3) tape.append(counting(start, 3));
    tape.dropBefore(104);
    tape.dropBefore(113);
    expect([...tape.copy(113, 130)]).toEqual([...counting(113, 17)]);
    tape.dropBefore(130);
    tape.append(counting(130, 2));
    expect([...tape.copy(130, 132)]).toEqual([130, 131]);
  });

  it('writes over what another has forgotten, not over what was copied out of it', () => {
    const forgotten = new SampleTape(5, 0);
    forgotten.append(counting(1, 10));
    const copy = forgotten.copy(0, 10);
    forgotten.dropBefore(10);
    const other = new SampleTape(5, 0);
    other.append(counting(50, 7));
    forgotten.append(counting(70, 7));
    expect([...copy]).toEqual([...counting(1, 10)]);
    expect([...other.copy(0, 7)]).toEqual([...counting(50, 7)]);
    expect([...forgotten.copy(10, 17)]).toEqual([...counting(70, 7)]);
  });

  it('does not share memory with what it was given', () => {
    const tape = new SampleTape(4, 0);
    const frame = Int16Array.of(1, 2);
    tape.append(frame);
    frame[0] = 9;
    expect([...tape.copy(0, 2)]).toEqual([1, 2]);
  });
});
