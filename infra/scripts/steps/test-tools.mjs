import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram, isExecutable, runQuietly, say } from './command.mjs';
import { installWithApt } from './system-tools.mjs';

const MINIO = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';
const CACHE = join(homedir(), '.cache', 'earshot', 'bin');
const ON_CI = process.env.CI === 'true';

/** Programs that only tests use: brought on CI, named in one line each elsewhere. */
export async function bringTestTools() {
  await bringMinio();
  await bringBrowser();
}

/** MinIO has no Debian package; it is compiled from its released source where Go is at hand. */
async function bringMinio() {
  const places = [process.env.EARSHOT_TEST_MINIO ?? '', join(CACHE, 'minio')];
  if (places.some(isExecutable) || findProgram('minio') !== undefined) return;
  const go = findProgram('go');
  if (!ON_CI || go === undefined) {
    say(`no MinIO here, so the S3 suites are left out (to have them: GOBIN=${CACHE} go install ${MINIO})`);
    return;
  }
  say('compiling MinIO for the S3 suites');
  const env = { GOBIN: CACHE, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
  await runQuietly([go, 'install', MINIO], { problem: 'MinIO could not be compiled', env });
}

async function bringBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  if (names.some((name) => findProgram(name) !== undefined)) return;
  if (ON_CI && process.getuid?.() === 0 && (await installWithApt(['chromium']))) return;
  say('no Chromium here, so the browser suite is left out (Debian: apt-get install chromium)');
}
