import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, say } from './command.mjs';
import { TOOL_PROGRAMS, TOOLS } from './places.mjs';

const VERSION = '12.21.0';
const PNPM = join(TOOLS, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
const STAMP = join(TOOLS, 'pnpm-version');

/** Turbo calls `pnpm` by name; the package's own launcher needs an install script that we do not run. */
const LAUNCHER = '#!/bin/sh\nexec node "$(dirname "$0")/../node_modules/pnpm/bin/pnpm.mjs" "$@"\n';

/**
 * Brings pnpm through npm into the tools folder and returns the command that runs it. The stamp is
 * written last, so a broken-off download is done again from nothing.
 */
export async function bringPnpm() {
  const command = [process.execPath, PNPM];
  if (existsSync(PNPM) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === VERSION) return command;
  say(`fetching pnpm ${VERSION} through npm`);
  rmSync(STAMP, { force: true });
  rmSync(join(TOOLS, 'node_modules'), { recursive: true, force: true });
  const flags = ['--prefix', TOOLS, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const problem = 'pnpm could not be fetched through npm';
  await runQuietly([...npm(), 'install', ...flags, `pnpm@${VERSION}`], { problem });
  mkdirSync(TOOL_PROGRAMS, { recursive: true });
  writeFileSync(join(TOOL_PROGRAMS, 'pnpm'), LAUNCHER, { mode: 0o755 });
  await runQuietly(['pnpm', '--version'], { problem: 'the fetched pnpm does not run' });
  writeFileSync(STAMP, VERSION);
  return command;
}

/** The npm that runs us, when one does; else the one on PATH. */
function npm() {
  const path = process.env.npm_execpath ?? '';
  return path.endsWith('npm-cli.js') ? [process.execPath, path] : ['npm'];
}
