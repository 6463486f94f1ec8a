import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Programs of the server that some commands hand over to. */
export type ServerProgram = 'main.js' | 'operator/main.js';

/** Runs a program of the server in our place: same terminal, same arguments; resolves to its exit code. */
export async function runServerProgram(program: ServerProgram, args: readonly string[]): Promise<number> {
  const path = serverProgram(program);
  const child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass);
  process.on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Finds the built server beside this package in a checkout, else as an installed package. */
function serverProgram(program: ServerProgram): string {
  const beside = fileURLToPath(new URL(`../../../../services/standalone/dist/${program}`, import.meta.url));
  if (existsSync(beside)) return beside;
  try {
    return createRequire(import.meta.url).resolve(`@earshot/standalone/dist/${program}`);
  } catch {
    throw new Error('This command needs the earshot server: run it in a checkout, after "npm start" once.');
  }
}
