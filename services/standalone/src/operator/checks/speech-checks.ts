import { openEngines } from '@earshot/worker';
import type { StandaloneConfig } from '../../config.ts';
import type { Finding } from './finding.ts';
import { programVersion } from './program-version.ts';

const READY_MS = 60_000;

/** Uploads are decoded by ffmpeg; streams of raw audio need none. */
export async function checkFfmpeg(): Promise<Finding[]> {
  const version = await programVersion('ffmpeg', ['-hide_banner', '-version']);
  if (version === undefined) {
    const sentence = 'cannot be run, so uploads fail; install the package ffmpeg';
    return [{ subject: 'ffmpeg', verdict: 'fail', sentence }];
  }
  return [{ subject: 'ffmpeg', verdict: 'ok', sentence: version.split(' ').slice(0, 3).join(' ') }];
}

/** Has each configured engine shown that it can work? */
export async function checkEngines(config: StandaloneConfig): Promise<Finding[]> {
  const engines = openEngines(config.worker);
  try {
    await engines.ready(AbortSignal.timeout(READY_MS));
    return Object.entries(engines.byModel).map(([model, { identity }]) => ({
      subject: 'engine',
      verdict: 'ok',
      sentence: `${model} is ${identity.engine} with ${identity.model}`,
    }));
  } finally {
    await engines.close();
  }
}
