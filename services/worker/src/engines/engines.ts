import type { ModelId } from '@earshot/protocol';
import { createGuardedFetch } from '@earshot/runtime';
import {
  createOpenAiEngine,
  createPocketsphinxEngine,
  createSherpaEngine,
  type Engine,
} from '@earshot/transcription';
import type { WorkerConfig } from '../config.ts';
import { type EngineSpec, specName } from './engine-spec.ts';

/** The engines of a worker; equal settings share one. */
export interface OpenedEngines {
  readonly byModel: Readonly<Record<ModelId, Engine>>;
  /** Rejects with EngineError unless every engine has shown that it can work. */
  ready(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

type EngineSettings = Pick<
  WorkerConfig,
  'EARSHOT_ENGINE_LITE' | 'EARSHOT_ENGINE_PRO' | 'EARSHOT_ENGINE_API_KEY' | 'EARSHOT_ENGINE_PROCESSES'
>;

/** Segments on their way to servers elsewhere: a worker mostly waits for those. */
const REMOTE_CONCURRENCY = 4;

/** How many segments are transcribed side by side unless the operator says: one a processor, and some more where no engine works here. */
export function usualConcurrency(
  settings: Pick<WorkerConfig, 'EARSHOT_ENGINE_LITE' | 'EARSHOT_ENGINE_PRO'>,
  processors: number,
): number {
  const specs = [settings.EARSHOT_ENGINE_LITE, settings.EARSHOT_ENGINE_PRO];
  return specs.every(({ kind }) => kind === 'openai') ? Math.max(processors, REMOTE_CONCURRENCY) : processors;
}

/** Opens the engine of each model; nothing is started before `ready`. */
export function openEngines(settings: EngineSettings): OpenedEngines {
  const opened = new Map<string, Engine>();
  const open = (spec: EngineSpec): Engine => {
    const engine = opened.get(specName(spec)) ?? createEngine(spec, settings);
    opened.set(specName(spec), engine);
    return engine;
  };
  return engineSet({ lite: open(settings.EARSHOT_ENGINE_LITE), pro: open(settings.EARSHOT_ENGINE_PRO) });
}

/** The same for engines that exist already. */
export function engineSet(byModel: Readonly<Record<ModelId, Engine>>): OpenedEngines {
  const engines = [...new Set(Object.values(byModel))];
  return {
    byModel,
    async ready(signal) {
      await Promise.all(engines.map((engine) => engine.ready(signal)));
    },
    async close() {
      await Promise.all(engines.map((engine) => engine.close()));
    },
  };
}

function createEngine(spec: EngineSpec, settings: EngineSettings): Engine {
  const apiKey = settings.EARSHOT_ENGINE_API_KEY;
  switch (spec.kind) {
    case 'pocketsphinx':
      return createPocketsphinxEngine();
    case 'sherpa':
      return createSherpaEngine({ modelDir: spec.modelDir, poolSize: settings.EARSHOT_ENGINE_PROCESSES });
    case 'openai':
      return createOpenAiEngine({
        baseUrl: spec.baseUrl,
        model: spec.model,
        // The operator names this server, and it may well stand in a private network.
        fetch: createGuardedFetch({ allowPrivate: true }),
        ...(apiKey === undefined ? {} : { apiKey }),
      });
  }
}
