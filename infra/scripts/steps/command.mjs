import { spawn } from 'node:child_process';
import { accessSync, appendFileSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { LOG_FILE, ROOT, TOOL_PROGRAMS } from './places.mjs';

/** A failed step: the sentence that a person sees, and what the command said. */
export class SetupError extends Error {
  constructor(message, output = '') {
    super(message);
    this.name = 'SetupError';
    this.output = output;
  }
}

/** Settings of the network that a child keeps; the rest of npm's variables would only confuse it. */
const KEPT = /^npm_config_(registry|userconfig|cache|cafile|proxy|https_proxy|noproxy|_auth.*)$/i;

/** The environment of children: ours without what `npm start` adds, with the bootstrapped pnpm in reach. */
function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || KEPT.test(name));
  const path = [TOOL_PROGRAMS, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, TURBO_TELEMETRY_DISABLED: '1', ...extra };
}

/** Empties the log of set-up; each run has its own. */
export function startLog() {
  mkdirSync(dirname(LOG_FILE), { recursive: true });
  writeFileSync(LOG_FILE, '');
}

export function say(line) {
  console.log(`earshot: ${line}`);
}

/** The full path of a program on PATH, or undefined. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    if (folder !== '' && isExecutable(candidate)) return candidate;
  }
  return undefined;
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a program quietly: everything it says goes to the log, and comes back as text. Rejects with a
 * SetupError that starts with `problem` when it cannot run or ends with another code than 0.
 */
export async function runQuietly([program, ...args], { problem, env = {} }) {
  appendFileSync(LOG_FILE, `\n$ ${[program, ...args].join(' ')}\n`);
  const { code, output } = await collect(program, args, cleanEnvironment(env));
  if (code !== 0) throw new SetupError(`${problem} (${program} ended with ${code}).`, output);
  return output;
}

function collect(program, args, env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = () => child.kill();
    process.once('exit', end);
    let output = '';
    const take = (chunk) => {
      output += chunk;
      appendFileSync(LOG_FILE, chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => resolve({ code: error.code, output: `${output}${error.message}\n` }));
    child.once('close', (code, signal) => {
      process.off('exit', end);
      resolve({ code: code ?? signal, output });
    });
  });
}

/** Runs a program in the foreground, on our own terminal; resolves to its exit code. */
export function runVisibly([program, ...args], { env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, env: cleanEnvironment(env), stdio: 'inherit' });
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', pass);
    process.on('SIGTERM', pass);
    child.once('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.once('close', (code, signal) => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
