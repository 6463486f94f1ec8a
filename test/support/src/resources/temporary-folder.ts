import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of one test. */
export interface TemporaryFolder {
  readonly path: string;
  /** Deletes the folder with all that is in it; may be called again. */
  remove(): Promise<void>;
}

/** Makes an empty folder of its own under the system's temporary folder. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
