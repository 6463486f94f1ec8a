import { logOdds, type Network } from '@earshot/audio/training';
import { seededRandom } from '../../sound/signal.ts';
import type { Examples } from './examples.ts';
import { addGradient, drawParameters, networkOf, type Parameters } from './gradient.ts';

/** How a network is trained. */
export interface TrainingPlan {
  readonly units: number;
  readonly epochs: number;
  readonly batch: number;
  /** Size of the first steps; they shrink along half a cosine. */
  readonly rate: number;
  readonly seed: number;
  /** Called with the mean loss of the examples of each epoch, while it was learned. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

const INERTIA = { mean: 0.9, square: 0.999 };
const LAST_RATE = 1e-5;
const TINY = 1e-8;

/** Steps by Adam: each parameter by the mean of its slopes over the root of the mean of their squares. */
class Adam {
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #steps = 0;

  constructor(count: number) {
    this.#means = new Float64Array(count);
    this.#squares = new Float64Array(count);
  }

  step(values: Float64Array, gradient: Float64Array, rate: number): void {
    this.#steps += 1;
    const meanScale = 1 / (1 - INERTIA.mean ** this.#steps);
    const squareScale = 1 / (1 - INERTIA.square ** this.#steps);
    for (let index = 0; index < values.length; index += 1) {
      const slope = gradient[index]!;
      const mean = INERTIA.mean * this.#means[index]! + (1 - INERTIA.mean) * slope;
      const square = INERTIA.square * this.#squares[index]! + (1 - INERTIA.square) * slope * slope;
      this.#means[index] = mean;
      this.#squares[index] = square;
      values[index]! -= (rate * mean * meanScale) / (Math.sqrt(square * squareScale) + TINY);
    }
  }
}

function shuffle(rows: Uint32Array, random: () => number): void {
  for (let last = rows.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const row = rows[last]!;
    rows[last] = rows[other]!;
    rows[other] = row;
  }
}

/** Trains a network of one layer; the same examples and plan give the same network, bit by bit. */
export function train(examples: Examples, plan: TrainingPlan): Network {
  const parameters = drawParameters(examples.width, plan.units, plan.seed);
  const random = seededRandom(plan.seed, 77);
  const rows = Uint32Array.from({ length: examples.answers.length }, (_, row) => row);
  const size = Math.min(plan.batch, rows.length);
  const batches = Math.floor(rows.length / size);
  const adam = new Adam(parameters.values.length);
  for (let epoch = 0; epoch < plan.epochs; epoch += 1) {
    shuffle(rows, random);
    let loss = 0;
    for (let batch = 0; batch < batches; batch += 1) {
      const done = (epoch * batches + batch + 1) / (plan.epochs * batches);
      const rate = plan.rate * 0.5 * (1 + Math.cos(Math.PI * done)) + LAST_RATE;
      loss += learn(parameters, adam, {
        examples,
        rows: rows.subarray(batch * size, (batch + 1) * size),
        rate,
      });
    }
    plan.onEpoch?.(epoch, loss / (batches * size));
  }
  return networkOf(parameters);
}

function learn(
  parameters: Parameters,
  adam: Adam,
  step: { readonly examples: Examples; readonly rows: Uint32Array; readonly rate: number },
): number {
  const gradient = new Float64Array(parameters.values.length);
  const loss = addGradient(parameters, step, gradient);
  for (let index = 0; index < gradient.length; index += 1) gradient[index]! /= step.rows.length;
  adam.step(parameters.values, gradient, step.rate);
  return loss;
}

/** The odds that a network gives each row. */
export function oddsOf(network: Network, { width, inputs, answers }: Examples): Float64Array {
  const row = new Float64Array(width);
  return Float64Array.from(answers, (_, index) => {
    row.set(inputs.subarray(index * width, (index + 1) * width));
    return logOdds(network, row);
  });
}

/** The mean weighted loss of a network. */
export function meanLoss(network: Network, examples: Examples): number {
  let sum = 0;
  for (const [index, odds] of oddsOf(network, examples).entries()) {
    const answer = examples.answers[index]!;
    sum +=
      examples.weights[index]! * (Math.log1p(Math.exp(-Math.abs(odds))) + Math.max(0, odds) - answer * odds);
  }
  return sum / examples.answers.length;
}
