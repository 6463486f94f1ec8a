import { existsSync } from 'node:fs';
import { findProgram, runQuietly, SetupError, say } from './command.mjs';

/** Programs that earshot starts, by the Debian package that brings each. */
const NEEDED = [
  { apt: 'redis-server', present: () => findProgram('redis-server') !== undefined },
  { apt: 'ffmpeg', present: () => findProgram('ffmpeg') !== undefined },
  { apt: 'pocketsphinx', present: () => findProgram('pocketsphinx_batch') !== undefined },
  { apt: 'pocketsphinx-en-us', present: () => existsSync('/usr/share/pocketsphinx/model/en-us') },
];

/** Installs missing programs with apt where we may; otherwise says in one sentence what to install. */
export async function bringSystemTools() {
  const missing = NEEDED.filter((tool) => !tool.present()).map((tool) => tool.apt);
  if (missing.length === 0) return;
  if (!(await installWithApt(missing))) {
    const list = missing.join(' ');
    throw new SetupError(
      `${missing.join(', ')} missing: install with "sudo apt-get install ${list}" (or your system's own way), then run this again.`,
    );
  }
  const still = NEEDED.filter((tool) => !tool.present()).map((tool) => tool.apt);
  if (still.length > 0) throw new SetupError(`apt-get brought no usable ${still.join(', ')}.`);
}

/** True when the packages were installed; false where apt is missing or we have no right to use it. */
export async function installWithApt(packages) {
  const rights = findProgram('apt-get') === undefined ? undefined : await aptRights();
  if (rights === undefined) return false;
  say(`installing ${packages.join(', ')} with apt-get`);
  const apt = [
    ...rights,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=120',
  ];
  // A broken third-party list must not stop us: whether the install works is what counts.
  await runQuietly([...apt, 'update', '-q'], { problem: 'apt-get update failed' }).catch(() => undefined);
  const install = [...apt, 'install', '-y', '-q', '--no-install-recommends', ...packages];
  await runQuietly(install, { problem: `apt-get could not install ${packages.join(', ')}` });
  return true;
}

/** The words in front of apt-get: none for root, sudo where it asks no password, undefined otherwise. */
async function aptRights() {
  if (process.getuid?.() === 0) return [];
  if (findProgram('sudo') === undefined) return undefined;
  return runQuietly(['sudo', '-n', 'true'], { problem: 'sudo asks for a password' }).then(
    () => ['sudo', '-n'],
    () => undefined,
  );
}
