import { SetupError } from './command.mjs';

const NEEDED = [20, 19];

/** Refuses a Node.js that is too old for the packages, in one sentence. */
export function checkNodeVersion(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  if (!enough) {
    throw new SetupError(`Node.js ${NEEDED.join('.')} or newer is needed; this is ${version}.`);
  }
}
