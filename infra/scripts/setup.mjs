import { SetupError, say, startLog } from './steps/command.mjs';
import { withSetupLock } from './steps/lock.mjs';
import { checkNodeVersion } from './steps/node-version.mjs';
import { buildPackages, installPackages } from './steps/packages.mjs';
import { LOG_FILE } from './steps/places.mjs';
import { bringPnpm } from './steps/pnpm.mjs';
import { bringSystemTools } from './steps/system-tools.mjs';
import { bringBrowser, bringMinio } from './steps/test-tools.mjs';

const LINES_SHOWN = 40;

/**
 * Makes this folder ready to run: pnpm, packages, system programs, build, and with `forTests` what only
 * tests need. Safe to repeat and to break off. False, after a sentence that says why, when a step failed.
 */
export async function setUp({ forTests = false } = {}) {
  const started = Date.now();
  try {
    checkNodeVersion();
    startLog();
    await withSetupLock(async () => {
      // Minutes of compiling where there is none yet; the rest mostly waits for the network meanwhile.
      const minio = forTests ? bringMinio() : Promise.resolve();
      await Promise.all([minio, prepare()]);
      if (forTests) await bringBrowser();
    });
  } catch (error) {
    explain(error);
    return false;
  }
  const seconds = (Date.now() - started) / 1000;
  if (seconds > 5) say(`set up in ${Math.round(seconds)} s`);
  return true;
}

async function prepare() {
  await installPackages(await bringPnpm());
  await bringSystemTools();
  await buildPackages();
}

function explain(error) {
  if (!(error instanceof SetupError)) {
    console.error(error);
    return;
  }
  if (error.output !== '') {
    console.error(error.output.trimEnd().split('\n').slice(-LINES_SHOWN).join('\n'));
  }
  console.error(`earshot: ${error.message}${error.output === '' ? '' : ` All of it: ${LOG_FILE}`}`);
}
