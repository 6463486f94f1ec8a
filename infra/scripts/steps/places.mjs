import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder; every script works from here, wherever it was called. */
export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Build tools that set-up brings, outside node_modules so that pnpm never touches them. */
export const TOOLS = join(ROOT, '.tools');
export const TOOL_PROGRAMS = join(TOOLS, 'bin');

/** What earshot writes while it runs in this folder: data, logs. */
export const STATE = join(ROOT, '.earshot');

export const LOG_FILE = join(STATE, 'logs', 'setup.log');
