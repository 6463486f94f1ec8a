import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GAP_NETWORK, logOdds, TEXTURE_NETWORK } from '@earshot/audio/training';
import { describe, expect, it } from '@jest/globals';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';
import { seededRandom } from '../sound/signal.ts';
import { ExampleList, type Examples, joined } from './network/examples.ts';
import { addGradient, drawParameters, networkOf } from './network/gradient.ts';
import { networkModule, parseNetworkModule, rounded } from './network/network-module.ts';
import { meanLoss, oddsOf, train } from './network/training.ts';
import { drawPiece } from './pieces/piece.ts';

const WIDTH = 5;

/** Points inside and outside of a ring, which no straight line can part. */
function ring(count: number, seed: number): Examples {
  const random = seededRandom(seed);
  const list = new ExampleList(WIDTH);
  for (let row = 0; row < count; row += 1) {
    const inputs = Float64Array.from({ length: WIDTH }, () => 4 * random() - 2);
    list.push(inputs, Math.hypot(inputs[0]!, inputs[1]!) < 1.3, 0.5 + random());
  }
  return list.toExamples();
}

const plan = { units: 12, epochs: 30, batch: 64, rate: 2e-2, seed: 3 };

describe('training', () => {
  it('follows the slope of the loss', () => {
    const examples = ring(40, 1);
    const parameters = drawParameters(WIDTH, 4, 2);
    const rows = Uint32Array.from({ length: 40 }, (_, row) => row);
    const gradient = new Float64Array(parameters.values.length);
    const loss = addGradient(parameters, { examples, rows }, gradient);
    expect(loss / 40).toBeCloseTo(meanLoss(networkOf(parameters), examples), 9);
    const step = 1e-6;
    for (const [index, slope] of gradient.entries()) {
      const changed = { ...parameters, values: parameters.values.slice() };
      changed.values[index]! += step;
      const risen = addGradient(changed, { examples, rows }, new Float64Array(gradient.length));
      expect((risen - loss) / step).toBeCloseTo(slope, 3);
    }
  });

  it('learns what it was not shown, the same each time', () => {
    const losses: number[] = [];
    const network = train(ring(2000, 4), { ...plan, onEpoch: (_, loss) => losses.push(loss) });
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    const unseen = ring(500, 5);
    const right = oddsOf(network, unseen).filter((odds, row) => odds > 0 === (unseen.answers[row] === 1));
    expect(right.length).toBeGreaterThan(450);
    expect(train(ring(2000, 4), plan)).toEqual(network);
    expect(train(ring(2000, 4), { ...plan, seed: 4 })).not.toEqual(network);
  });

  it('gives a row the odds that the product gives it', () => {
    const network = train(ring(200, 6), plan);
    const rows = ring(3, 7);
    const row = Float64Array.from(rows.inputs.subarray(WIDTH, 2 * WIDTH));
    expect(oddsOf(network, rows)[1]).toBe(logOdds(network, row));
  });
});

describe('a module of a network', () => {
  it('gives back the same numbers', () => {
    const network = rounded(train(ring(400, 8), plan));
    const text = networkModule(network, { name: 'RING', about: ['Rings.'] });
    expect(parseNetworkModule(text)).toEqual(network);
    expect(rounded(network)).toEqual(network);
  });

  it('says nearly what was learned', () => {
    const examples = ring(400, 9);
    const network = train(examples, plan);
    expect(meanLoss(rounded(network), examples)).toBeCloseTo(meanLoss(network, examples), 2);
  });

  it.each([
    ['gap/gap-network.ts', GAP_NETWORK],
    ['texture/texture-network.ts', TEXTURE_NETWORK],
  ])('is what the product keeps in %s', async (path, network) => {
    const text = await readFile(join(workspaceRoot, 'packages', 'audio', 'src', path), 'utf8');
    expect(parseNetworkModule(text)).toEqual(network);
  });

  it('is refused when there are no weights in it', () => {
    expect(() => parseNetworkModule('export const NETWORK = 1;')).toThrow('SCALES');
  });
});

describe('examples', () => {
  it('keep their order when they are joined', () => {
    const [first, second] = [ring(3, 10), ring(2, 11)];
    const all = joined([first, second], WIDTH);
    expect([...all.inputs]).toEqual([...first.inputs, ...second.inputs]);
    expect([...all.answers]).toEqual([...first.answers, ...second.answers]);
  });

  it('hear another piece of music for each seed', () => {
    const piece = (seed: number): Float32Array => drawPiece(32_000, seededRandom(seed));
    expect(piece(1)).toEqual(piece(1));
    expect(piece(1)).not.toEqual(piece(2));
    const power = piece(1).reduce((sum, value) => sum + value * value, 0) / 32_000;
    expect(power).toBeCloseTo(1, 3);
  });
});
