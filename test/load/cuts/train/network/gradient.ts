import type { Network } from '@earshot/audio/training';
import { seededRandom } from '../../sound/signal.ts';
import type { Examples } from './examples.ts';

/** All that is learned, in one row: weights unit after unit, then biases, then outputs, then the last bias. */
export interface Parameters {
  readonly inputs: number;
  readonly units: number;
  readonly values: Float64Array;
}

const countOf = (inputs: number, units: number): number => units * inputs + 2 * units + 1;

/** Where biases, outputs and the last bias begin. */
function placesOf({ inputs, units }: Pick<Parameters, 'inputs' | 'units'>) {
  const biases = units * inputs;
  return { biases, outputs: biases + units, bias: biases + 2 * units };
}

/** Weights drawn at random, as small as the number of inputs asks for. */
export function drawParameters(inputs: number, units: number, seed: number): Parameters {
  const random = seededRandom(seed, inputs, units);
  // Near enough to Gaussian.
  const draw = (): number => 2 * (random() + random() + random() - 1.5);
  const values = new Float64Array(countOf(inputs, units));
  const { biases, outputs, bias } = placesOf({ inputs, units });
  for (let index = 0; index < biases; index += 1) values[index] = draw() * Math.sqrt(2 / inputs);
  for (let index = outputs; index < bias; index += 1) values[index] = draw() * Math.sqrt(1 / units);
  return { inputs, units, values };
}

/** The network with these parameters; it sees their arrays. */
export function networkOf(parameters: Parameters): Network {
  const { inputs, units, values } = parameters;
  const { biases, outputs, bias } = placesOf(parameters);
  return {
    inputs,
    units,
    weights: values.subarray(0, biases),
    biases: values.subarray(biases, outputs),
    outputs: values.subarray(outputs, bias),
    bias: values[bias]!,
  };
}

/** Some rows of examples. */
export interface Batch {
  readonly examples: Examples;
  readonly rows: Uint32Array;
}

/** The cross-entropy of log-odds with an answer, and its slope. */
function lossOf(odds: number, answer: number): { loss: number; slope: number } {
  const loss = Math.max(0, odds) + Math.log1p(Math.exp(-Math.abs(odds))) - answer * odds;
  return { loss, slope: 1 / (1 + Math.exp(-odds)) - answer };
}

/** Adds the slopes of the weighted loss over a batch to `gradient`, and gives the sum of that loss. */
export function addGradient(
  parameters: Parameters,
  { examples, rows }: Batch,
  gradient: Float64Array,
): number {
  const { inputs: width, units, values } = parameters;
  const { inputs, answers, weights } = examples;
  const places = placesOf(parameters);
  const activations = new Float64Array(units);
  let sum = 0;
  for (const row of rows) {
    const from = row * examples.width;
    let odds = values[places.bias]!;
    for (let unit = 0; unit < units; unit += 1) {
      let activation = values[places.biases + unit]!;
      const start = unit * width;
      for (let input = 0; input < width; input += 1)
        activation += values[start + input]! * inputs[from + input]!;
      activations[unit] = activation;
      if (activation > 0) odds += activation * values[places.outputs + unit]!;
    }
    const { loss, slope } = lossOf(odds, answers[row]!);
    sum += weights[row]! * loss;
    const steep = weights[row]! * slope;
    gradient[places.bias]! += steep;
    for (let unit = 0; unit < units; unit += 1) {
      const activation = activations[unit]!;
      if (activation <= 0) continue;
      gradient[places.outputs + unit]! += steep * activation;
      const share = steep * values[places.outputs + unit]!;
      gradient[places.biases + unit]! += share;
      const start = unit * width;
      for (let input = 0; input < width; input += 1)
        gradient[start + input]! += share * inputs[from + input]!;
    }
  }
  return sum;
}
