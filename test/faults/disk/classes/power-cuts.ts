import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultClass, FaultFigures, FaultRun, FaultSkip } from '../../runner/fault-class.ts';
import { type Random, seededRandom } from '../../runner/random.ts';
import { Verdict } from '../oracle/verdict.ts';
import { DriverProcess } from '../power/driver-process.ts';
import { judgeFolder } from '../power/folder-journal.ts';
import { type LoopImage, PowerLab } from '../power/loop-image.ts';

const NAME = 'power-cuts';
/** Cuts on one file system before the next, new one. */
const CUTS_PER_IMAGE = 150;
/** The driver is killed and started again after so many cuts. */
const CUTS_PER_LIFE = 50;

/** The power of the machine cut under a journal on ext4: a copy of the device while every writer is stopped. */
export const powerCuts: FaultClass = { name: NAME, ciCount: 100, fullCount: 3_000, run: runPowerCuts };

async function runPowerCuts(run: FaultRun): Promise<FaultFigures | FaultSkip> {
  const lab = await PowerLab.open();
  if (typeof lab === 'string') return { class: NAME, skipped: lab };
  const verdict = new Verdict(NAME, run.log);
  const random = seededRandom(run.seed);
  const began = performance.now();
  try {
    for (let image = 0; verdict.injected < run.count; image += 1) {
      await cutOneImage(await lab.image(`disk-${image}`), { run, verdict, random });
      run.log(`${verdict.injected} cuts so far`);
    }
  } finally {
    await lab.close();
  }
  return verdict.figures(
    `${((performance.now() - began) / verdict.injected).toFixed(0)} ms a cut, recovery included`,
  );
}

interface Cutting {
  readonly run: FaultRun;
  readonly verdict: Verdict;
  readonly random: Random;
}

async function cutOneImage(image: LoopImage, cutting: Cutting): Promise<void> {
  const { run, verdict, random } = cutting;
  await image.mount();
  const driverOptions = { folder: `${image.folder}/journal`, appends: 0 };
  let driver = new DriverProcess({ ...driverOptions, seed: random.between(1, 1_000_000) });
  try {
    for (let cut = 1; cut <= CUTS_PER_IMAGE && verdict.injected < run.count; cut += 1) {
      await driver.ready();
      await sleep(random.between(0, 25));
      verdict.where = `cut ${verdict.injected + 1}, seed ${run.seed}`;
      await cutOnce(image, driver, cutting);
      if (!driver.running) {
        verdict.wrong('stuck', `the driver exited: ${driver.errors}`);
        break;
      }
      if (cut % CUTS_PER_LIFE === 0) {
        await driver.kill();
        const { promises } = driver;
        driver = new DriverProcess({ ...driverOptions, seed: random.between(1, 1_000_000), promises });
      }
    }
  } finally {
    await driver.kill();
    await image.remove();
  }
}

/** Every tenth time the power goes again right after the recovery. */
async function cutOnce(image: LoopImage, driver: DriverProcess, { verdict, random }: Cutting): Promise<void> {
  await driver.freeze();
  const claims = driver.promises.claims();
  const copy = await image.cut('cut');
  driver.thaw();
  verdict.inject();
  try {
    await copy.mount();
    await judgeFolder(`${copy.folder}/journal`, claims, verdict);
    if (!random.chance(0.1)) return;
    verdict.where += ', and again after the recovery';
    const again = await copy.cut('again');
    try {
      await again.mount();
      await judgeFolder(`${again.folder}/journal`, claims, verdict);
    } finally {
      await again.remove();
    }
  } finally {
    await copy.remove();
  }
}
