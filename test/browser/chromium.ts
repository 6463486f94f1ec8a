import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { type BrowserContext, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Nothing that reaches out, and sound without a click. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** The Chromium of this machine: EARSHOT_TEST_CHROMIUM, else the usual names; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env['EARSHOT_TEST_CHROMIUM'] ?? '';
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const usual = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return named === '' ? usual.find(isProgram) : named;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** One line for whoever reads the test's output; the suite is left out. */
export function tellMissing(): void {
  process.stderr.write(
    'No Chromium was found, so the browser suite is left out (apt-get install chromium, or set EARSHOT_TEST_CHROMIUM).\n',
  );
}

export interface Browser {
  readonly context: BrowserContext;
  /** Ends the browser and deletes its profile. */
  stop(): Promise<void>;
}

/** Starts a browser with a profile of its own. */
export async function startBrowser(executablePath: string): Promise<Browser> {
  const profile: TemporaryFolder = await temporaryFolder();
  try {
    const context = await chromium.launchPersistentContext(profile.path, {
      executablePath,
      headless: true,
      args: FLAGS,
    });
    return {
      context,
      async stop() {
        await context.close();
        await profile.remove();
      },
    };
  } catch (error) {
    await profile.remove();
    throw error;
  }
}
