import { fileURLToPath } from 'node:url';

/**
 * Path of a script that runs in a process or thread of its own, beside the calling module. Such scripts run as
 * compiled JavaScript, so a module that is itself run from source (as tests do) gets the one in `dist`.
 */
export function builtScript(name: string, caller: string): string {
  const path = fileURLToPath(new URL(`${name}.js`, caller));
  if (!caller.endsWith('.ts')) return path;
  const at = path.lastIndexOf('/src/');
  return `${path.slice(0, at)}/dist/${path.slice(at + '/src/'.length)}`;
}
