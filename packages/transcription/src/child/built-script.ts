import { fileURLToPath } from 'node:url';

/**
 * Path of a script that runs in a process or thread of its own, from the address of its source beside the calling
 * module. Such scripts run as compiled JavaScript, also when the caller itself runs from source, as in tests.
 */
export function builtScript(source: URL): string {
  const path = fileURLToPath(source).replace(/\.ts$/, '.js');
  const from = path.lastIndexOf('/src/');
  return from > path.lastIndexOf('/dist/') ? `${path.slice(0, from)}/dist${path.slice(from + 4)}` : path;
}
