import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram, isExecutable, runQuietly, say } from './command.mjs';
import { installWithApt } from './system-tools.mjs';

const MINIO = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';
const CACHE = join(homedir(), '.cache', 'earshot', 'bin');
const ON_CI = process.env.CI === 'true';

/** MinIO has no Debian package; it is compiled from its released source where Go is at hand. */
export async function bringMinio() {
  const places = [process.env.EARSHOT_TEST_MINIO ?? '', join(CACHE, 'minio')];
  if (places.some(isExecutable) || findProgram('minio') !== undefined) return;
  const go = findProgram('go');
  if (!ON_CI || go === undefined) {
    say(`no MinIO here, so the S3 suites are left out (to have them: GOBIN=${CACHE} go install ${MINIO})`);
    return;
  }
  say('compiling MinIO for the S3 suites');
  mkdirSync(CACHE, { recursive: true });
  const partial = mkdtempSync(join(CACHE, 'partial-'));
  const env = { GOBIN: partial, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
  try {
    await runQuietly([go, 'install', MINIO], { problem: 'MinIO could not be compiled', env });
    renameSync(join(partial, 'minio'), join(CACHE, 'minio'));
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** A browser for the suite that runs the client in one; brought on CI, named in one line elsewhere. */
export async function bringBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  if (names.some((name) => findProgram(name) !== undefined)) return;
  if (ON_CI && process.getuid?.() === 0 && (await installWithApt(['chromium']))) return;
  say('no Chromium here, so the browser suite is left out (Debian: apt-get install chromium)');
}
