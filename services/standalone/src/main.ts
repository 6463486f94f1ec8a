import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tuneCollector } from '@earshot/runtime';
import { type StandaloneApp, startStandalone } from './app.ts';
import { readStandaloneConfig } from './config.ts';
import { runDemo } from './demo/demo.ts';
import { readSample } from './demo/sample.ts';
import { startProblem } from './start-problem.ts';
import { stopSignal } from './stop-signal.ts';

const USAGE = `Usage: npm start -- [--once] [--no-demo]
  --once      end after the demo; exit code 0 only if the transcript came
  --no-demo   start without streaming the sample`;

/** The checkout, seen from the built file. */
const ROOT = new URL('../../../', import.meta.url);
const SAMPLES = new URL('test/fixtures/speech/', ROOT);
const DEMO_SPEED = 8;

async function main(): Promise<number> {
  tuneCollector();
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { once: flag, 'no-demo': flag, help: flag } });
  if (values.help) {
    print(USAGE);
    return 0;
  }
  const stop = stopSignal(process);
  const environment = { EARSHOT_LOOPBACK_SAMPLES: fileURLToPath(SAMPLES), ...process.env };
  const config = readStandaloneConfig(environment, fileURLToPath(new URL('.earshot/data', ROOT)));
  const app = await startStandalone(config);
  try {
    announce(app);
    const passed = values['no-demo'] || (await Promise.race([demo(app), stop.then(() => false)]));
    if (values.once) return passed ? 0 : 1;
    invite(app);
    const failure = await Promise.race([stop, app.failed]);
    if (failure instanceof Error) throw failure;
    print(`Stopping (${failure}) ...`);
    return 0;
  } finally {
    await app.close();
  }
}

async function demo(app: StandaloneApp): Promise<boolean> {
  try {
    const folder = fileURLToPath(SAMPLES);
    const sample = await readSample(folder, 'consultation');
    print('');
    const { url, apiKey } = app;
    return (await runDemo({ url, apiKey, sample, print, speed: DEMO_SPEED })).passed;
  } catch (error) {
    print(`The demo failed: ${startProblem(error)}`);
    return false;
  }
}

function announce(app: StandaloneApp): void {
  print(`earshot listens on ${app.url}, for calls on ${app.callsUrl}`);
  if (app.keyId !== undefined) print(`API key id ${app.keyId}`);
  if (app.keyCreated) print(`API key ${app.apiKey} (shown this once)`);
  if (app.keyFile !== undefined) print(`API key file ${app.keyFile}`);
}

function invite(app: StandaloneApp): void {
  print('');
  print('Try it:');
  print('  npx earshot transcribe FILE            upload a file, print its transcript');
  print('  npx earshot transcribe --stream FILE   the same over a WebSocket, in real time');
  print(`  ${app.url}/docs             the API`);
  print('Stop with Ctrl-C.');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`earshot: ${startProblem(error)}\n`);
    process.exit(1);
  },
);
