import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runQuietly, say } from './command.mjs';
import { ROOT } from './places.mjs';

const STAMP = join(ROOT, 'node_modules', '.earshot-installed');

/** Installs exactly what the lockfile says; skipped while nothing that it depends on has changed. */
export async function installPackages(pnpm) {
  const manifests = packageManifests();
  const wanted = fingerprint(manifests);
  if (isInstalled(manifests, wanted)) return;
  say('installing packages from the lockfile');
  rmSync(STAMP, { force: true });
  const command = [...pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'];
  await runQuietly(command, { problem: 'the packages could not be installed', env: { CI: 'true' } });
  writeFileSync(STAMP, wanted);
}

/** Compiles every package; turbo does only what changed since the last time. */
export async function buildPackages() {
  if (!existsSync(join(ROOT, 'services', 'standalone', 'dist', 'main.js'))) say('building');
  const turbo = join(ROOT, 'node_modules', '.bin', 'turbo');
  const command = [turbo, 'run', 'build', '--output-logs=errors-only', '--no-color'];
  await runQuietly(command, { problem: 'the build failed' });
}

function isInstalled(manifests, wanted) {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) return false;
  return manifests.every((file) => existsSync(join(dirname(file), 'node_modules')));
}

function packageManifests() {
  const members = ['packages', 'services', 'test']
    .flatMap((folder) => [folder, ...children(folder).map((name) => join(folder, name))])
    .map((folder) => join(ROOT, folder, 'package.json'));
  return [join(ROOT, 'package.json'), ...members].filter((file) => existsSync(file));
}

function children(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function fingerprint(manifests) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const file of [join(ROOT, 'pnpm-lock.yaml'), join(ROOT, 'pnpm-workspace.yaml'), ...manifests]) {
    hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}
