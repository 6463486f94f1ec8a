import type { Network } from '@earshot/audio/training';

/** Whole numbers that weights are told in: at most three digits, times the scale of their unit. */
const MOST_STEPS = 999;
const DIGITS = 4;
/** As long as the formatter lets lines become. */
const LINE = 110;

/** Which module a network is kept in. */
export interface ModuleHead {
  readonly name: string;
  /** What its comment says, in lines. */
  readonly about: readonly string[];
}

const short = (value: number): number => Number(value.toPrecision(DIGITS));

/** A network as it is kept. */
interface Kept {
  readonly scales: readonly number[];
  readonly steps: readonly number[];
  readonly biases: readonly number[];
  readonly outputs: readonly number[];
  readonly bias: number;
}

/** Outputs become signs: their size goes into the weights. A unit that says nothing keeps a scale of 0. */
function keep({ inputs, units, weights, biases, outputs, bias }: Network): Kept {
  const scales: number[] = [];
  const steps: number[] = [];
  for (let unit = 0; unit < units; unit += 1) {
    const size = Math.abs(outputs[unit]!);
    const row = [...weights.subarray(unit * inputs, (unit + 1) * inputs)].map((weight) => weight * size);
    const scale = short(row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / MOST_STEPS);
    scales.push(scale);
    steps.push(...row.map((weight) => (scale === 0 ? 0 : Math.round(weight / scale) + 0)));
  }
  return {
    scales,
    steps,
    biases: [...biases].map((value, unit) => short(value * Math.abs(outputs[unit]!))),
    outputs: [...outputs].map((value) => (value < 0 ? -1 : 1)),
    bias: short(bias),
  };
}

function restore({ scales, steps, biases, outputs, bias }: Kept): Network {
  const inputs = steps.length / scales.length;
  return {
    inputs,
    units: scales.length,
    weights: Float64Array.from(steps, (step, index) => step * scales[Math.floor(index / inputs)]!),
    biases: Float64Array.from(biases),
    outputs: Float64Array.from(outputs),
    bias,
  };
}

/** The network that a module gives back when this one is written to it: the same but for rounding. */
export const rounded = (network: Network): Network => restore(keep(network));

/** The text of a module that gives the network as constant, formatted as the formatter would. */
export function networkModule(network: Network, { name, about }: ModuleHead): string {
  const { scales, steps, biases, outputs, bias } = keep(network);
  return `import type { Network } from '../network/network.ts';

const INPUTS = ${network.inputs};
const UNITS = ${network.units};

/** By unit: what its weights are multiplied by, its bias, and the sign it counts with. */
${listed('SCALES', scales)}
${listed('BIASES', biases)}
${listed('OUTPUTS', outputs)}
const BIAS = ${bias};

/** Weights of the inputs, unit after unit. */
${listed('STEPS', steps)}

/**
${about.map((line) => ` * ${line}`).join('\n')}
 */
export const ${name}: Network = {
  inputs: INPUTS,
  units: UNITS,
  weights: Float64Array.from(STEPS, (step, index) => step * (SCALES[Math.floor(index / INPUTS)] ?? 0)),
  biases: Float64Array.from(BIASES),
  outputs: Float64Array.from(OUTPUTS),
  bias: BIAS,
};
`;
}

function listed(name: string, values: readonly number[]): string {
  const line = `const ${name} = [${values.join(', ')}];`;
  return line.length <= LINE ? line : `const ${name} = [\n${filled(values)}\n];`;
}

function filled(values: readonly number[]): string {
  const lines: string[] = [];
  let line = ' ';
  for (const value of values) {
    const text = ` ${value},`;
    if (line.length + text.length > LINE) {
      lines.push(line);
      line = ' ';
    }
    line += text;
  }
  return [...lines, line].join('\n');
}

/** The network in the text of such a module. Throws an Error when it is none. */
export function parseNetworkModule(text: string): Network {
  const list = (name: string): number[] => {
    const inside = new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(text)?.[1];
    if (inside === undefined) throw new Error(`There are no ${name} in this module.`);
    return inside.split(',').flatMap((item) => (item.trim() === '' ? [] : [Number(item)]));
  };
  const bias = Number(/const BIAS = ([-\d.e]+);/.exec(text)?.[1]);
  return restore({
    scales: list('SCALES'),
    steps: list('STEPS'),
    biases: list('BIASES'),
    outputs: list('OUTPUTS'),
    bias,
  });
}
