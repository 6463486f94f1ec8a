import { describe, expect, it } from '@jest/globals';
import { Heard } from './heard.ts';

/** A sink that writes when it is let. */
function slowSink() {
  const written: number[] = [];
  let release: () => void = () => undefined;
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  const write = async (samples: Int16Array): Promise<void> => {
    await open;
    written.push(...samples);
  };
  return { written, write, release: () => release() };
}

describe('Heard', () => {
  it('writes one piece after the other, silence where some is missing, and no more than is wanted', async () => {
    const sink = slowSink();
    const heard = new Heard(sink, 6);
    heard.take(Int16Array.of(1, 2));
    heard.miss(2);
    heard.take(Int16Array.of(3, 4, 5));
    heard.take(Int16Array.of(6));
    await heard.full;
    expect(sink.written).toEqual([]);
    sink.release();
    await heard.written();
    expect(sink.written).toEqual([1, 2, 0, 0, 3, 4]);
    expect([heard.samples, heard.missed]).toEqual([6, 2]);
  });

  it('is full when the sink takes no more, and says why', async () => {
    const heard = new Heard({ write: () => Promise.reject(new Error('no space')) }, 100);
    heard.take(Int16Array.of(1));
    await heard.full;
    await expect(heard.written()).rejects.toThrow('no space');
  });

  it('is full when ten minutes wait for a reader, who still gets them', async () => {
    const sink = { seconds: 0, ...slowSink() };
    const second = new Int16Array(16_000);
    const heard = new Heard(
      {
        write: async () => {
          await sink.write(Int16Array.of());
          sink.seconds += 1;
        },
      },
      Number.POSITIVE_INFINITY,
    );
    for (let n = 0; n < 700; n += 1) heard.take(second);
    await heard.full;
    sink.release();
    await expect(heard.written()).rejects.toThrow('does not keep up');
    expect(sink.seconds).toBe(601);
  });
});
