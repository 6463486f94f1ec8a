import { float64At } from '../elements.ts';

/** A network of one layer of rectified units; each row of `weights` is the inputs of a unit. */
export interface Network {
  readonly inputs: number;
  readonly units: number;
  readonly weights: Float64Array;
  /** By unit; what a unit says counts with the sign of its output. */
  readonly biases: Float64Array;
  readonly outputs: Float64Array;
  readonly bias: number;
}

/** The log-odds that a network gives for inputs. */
export function logOdds(network: Network, inputs: Float64Array): number {
  const { weights, biases, outputs } = network;
  const count = network.inputs;
  let sum = network.bias;
  let from = 0;
  for (let unit = 0; unit < network.units; unit += 1) {
    let activation = float64At(biases, unit);
    for (let input = 0; input < count; input += 1) {
      activation += float64At(weights, from + input) * float64At(inputs, input);
    }
    from += count;
    if (activation > 0) sum += activation * float64At(outputs, unit);
  }
  return sum;
}
