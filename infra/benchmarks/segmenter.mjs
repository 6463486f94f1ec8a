/**
 * What the chunking stage costs: CPU microseconds per second of 16 kHz audio for the detector alone and for the whole
 * segmenter, and their ratio. Build first, then: node infra/benchmarks/segmenter.mjs [streams] [seconds]
 */
import { createFiveBandDetector, createSegmenter } from '../../packages/audio/dist/index.js';

const RATE = 16_000;
const MESSAGE_SAMPLES = 1600;
const streams = Number(process.argv[2] ?? 100);
const seconds = Number(process.argv[3] ?? 60);

/** A minute of voiced syllables with pauses over faint noise; what is said does not matter, only that it varies. */
function speechLike() {
  const samples = new Int16Array(60 * RATE);
  let noise = 1;
  for (let index = 0; index < samples.length; index += 1) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) | 0;
    const time = index / RATE;
    const speaking = time % 3.1 < 2.6 ? Math.max(0, Math.sin(2 * Math.PI * 4 * time)) : 0;
    const pitch = 120 + 20 * Math.sin(time);
    let voice = 0;
    for (let harmonic = 1; harmonic <= 20; harmonic += 1) {
      voice += Math.sin(2 * Math.PI * pitch * harmonic * time) / harmonic;
    }
    samples[index] = 4000 * speaking * voice + (noise >> 24);
  }
  return samples;
}

function cpuMicroseconds(work) {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / (streams * seconds);
}

function runDetectors(audio) {
  for (let stream = 0; stream < streams; stream += 1) {
    const detector = createFiveBandDetector(RATE);
    const size = detector.frameSamples;
    for (let start = 0; start + size <= seconds * RATE; start += size) {
      const place = start % (audio.length - size);
      detector.push(audio.subarray(place, place + size));
    }
  }
}

/** All streams advance together, a message each, as on a server. */
function runSegmenters(audio) {
  const segmenters = Array.from({ length: streams }, () => createSegmenter({ sampleRate: RATE }));
  let segments = 0;
  for (let start = 0; start < seconds * RATE; start += MESSAGE_SAMPLES) {
    for (const [stream, segmenter] of segmenters.entries()) {
      const place = (start + stream * 7 * MESSAGE_SAMPLES) % audio.length;
      segments += segmenter.push(audio.subarray(place, place + MESSAGE_SAMPLES)).length;
    }
  }
  return segments;
}

const audio = speechLike();
runDetectors(audio.subarray(0, 30 * RATE));
for (let round = 0; round < 5; round += 1) {
  const detector = cpuMicroseconds(() => runDetectors(audio));
  const segmenter = cpuMicroseconds(() => runSegmenters(audio));
  const ratio = (segmenter / detector).toFixed(2);
  process.stdout.write(
    `detector ${detector.toFixed(0)} us/s, segmenter ${segmenter.toFixed(0)} us/s, ratio ${ratio}\n`,
  );
}
