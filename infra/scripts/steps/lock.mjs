import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './command.mjs';
import { STATE } from './places.mjs';

const LOCK = join(STATE, 'setup.lock');

/** Runs `work` while no other set-up of this folder runs; a lock left by a dead process is taken over. */
export async function withSetupLock(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  let told = false;
  while (!tryLock()) {
    if (!told) say('waiting for another set-up of this folder to end');
    told = true;
    await sleep(300);
  }
  const release = () => rmSync(LOCK, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!holderLives()) rmSync(LOCK, { force: true });
    return false;
  }
}

function holderLives() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
