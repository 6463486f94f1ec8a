import { mkdir, statfs } from 'node:fs/promises';
import { openObjectStore } from '@earshot/storage';
import type { StandaloneConfig } from '../../config.ts';
import type { Finding } from './finding.ts';

const GIB = 2 ** 30;
const LEAST_BYTES = GIB;
const COMFORTABLE_BYTES = 10 * GIB;

/** Can objects be written once, read and removed where the settings say? */
export async function checkStorage(config: StandaloneConfig): Promise<Finding[]> {
  const store = openObjectStore(config.objectStore);
  try {
    await store.probe();
    return [{ subject: 'storage', verdict: 'ok', sentence: `${store.description} takes and keeps objects` }];
  } finally {
    await store.close();
  }
}

/** Is there room for recordings and for the append-only file of Redis? */
export async function checkDisk(config: StandaloneConfig): Promise<Finding[]> {
  await mkdir(config.dataFolder, { recursive: true });
  const { bavail, bsize } = await statfs(config.dataFolder);
  const free = bavail * bsize;
  const room = `${(free / GIB).toFixed(1)} GiB free in ${config.dataFolder}`;
  if (free < LEAST_BYTES) {
    const sentence = `only ${room}; make room, or choose another folder with EARSHOT_DATA_DIR`;
    return [{ subject: 'disk', verdict: 'fail', sentence }];
  }
  // One hour of 16 kHz speech is 115 MB.
  const verdict = free < COMFORTABLE_BYTES ? 'warn' : 'ok';
  return [{ subject: 'disk', verdict, sentence: `${room}, about ${Math.floor(free / 115e6)} h of speech` }];
}
