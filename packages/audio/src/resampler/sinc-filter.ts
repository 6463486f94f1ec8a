/** Zero crossings of the sinc on either side of its centre; more make the edge of the band steeper. */
const ZERO_CROSSINGS = 24;
/** Centre of the filter's edge as a part of the lower Nyquist frequency, so that the stop band begins at Nyquist. */
const CUTOFF = 0.91;
/** Shape of the Kaiser window; 7 holds the stop band about 70 dB down. */
const KAISER_BETA = 7;

/** A low-pass filter in `phases` versions, each shifted by a further part of an input sample. */
export interface PolyphaseFilter {
  /** Taps of one phase, a multiple of four; the middle two lie around the output's place. */
  readonly taps: number;
  /** All phases behind each other, `taps` values each; every phase sums to 1. */
  readonly coefficients: Float64Array;
}

/**
 * Windowed-sinc filter that cuts at the lower of two Nyquist frequencies; `scale` is output rate / input rate.
 * Method: Kaiser-windowed interpolation as in J. O. Smith, "Digital Audio Resampling".
 */
export function designFilter(phases: number, scale: number): PolyphaseFilter {
  const width = Math.min(1, scale);
  const half = 2 * Math.ceil(ZERO_CROSSINGS / width / 2);
  const taps = 2 * half;
  const coefficients = new Float64Array(phases * taps);
  for (let phase = 0; phase < phases; phase += 1) {
    const row = coefficients.subarray(phase * taps, (phase + 1) * taps);
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - (half - 1) - phase / phases;
      row[tap] = sinc(distance * width * CUTOFF) * kaiser(distance / half);
    }
    const sum = row.reduce((total, value) => total + value, 0);
    for (const [tap, value] of row.entries()) row[tap] = value / sum;
  }
  return { taps, coefficients };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kaiser window at `x` in -1..1; its constant factor falls away when the taps are normalised. */
function kaiser(x: number): number {
  return besselI0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - x * x)));
}

/** Modified Bessel function of order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
