import type { LineRecord } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { BENCH_LINE } from '../testing/host-bench.ts';
import { createLineFinder } from './line-finder.ts';

const line = (tenant: string, carrier: string): LineRecord => ({
  ...BENCH_LINE,
  lineId: 'lin_front',
  tenant,
  carrier,
});
const finderOf = (...lines: LineRecord[]) =>
  createLineFinder({ listAllLines: () => Promise.resolve(lines) }, ({ carrier }) => carrier === 'twilio');

describe('the line of a stream', () => {
  it('is found although another tenant has one of that id on a carrier without streams', async () => {
    const find = finderOf(line('rival', 'loopback'), line('clinic', 'twilio'));
    expect((await find('lin_front'))?.tenant).toBe('clinic');
    expect(await find('lin_other')).toBeNull();
  });

  it("is nobody's when two tenants have it, so that none hears what is meant for the other", async () => {
    expect(await finderOf(line('rival', 'twilio'), line('clinic', 'twilio'))('lin_front')).toBeNull();
  });
});
