const PHRASE_SECONDS = 3.1;
const SPOKEN_SECONDS = 2.6;

/** Voiced syllables with a pause every 3.1 s over faint noise; what is said does not matter, only that pauses come. */
export function speechLike(sampleRate: number, seconds: number): Int16Array {
  const samples = new Int16Array(seconds * sampleRate);
  let noise = 1;
  for (let index = 0; index < samples.length; index += 1) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) | 0;
    const time = index / sampleRate;
    const spoken = time % PHRASE_SECONDS < SPOKEN_SECONDS;
    const loudness = spoken ? Math.max(0, Math.sin(2 * Math.PI * 4 * time)) : 0;
    samples[index] = 4000 * loudness * voice(time) + (noise >> 24);
  }
  return samples;
}

function voice(time: number): number {
  const pitch = 120 + 20 * Math.sin(time);
  let sum = 0;
  for (let harmonic = 1; harmonic <= 12; harmonic += 1) {
    sum += Math.sin(2 * Math.PI * pitch * harmonic * time) / harmonic;
  }
  return sum;
}
