import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/engine-error.ts';

/** The files of a model folder, as Debian's pocketsphinx-en-us lays them out. */
export interface ModelFiles {
  readonly acoustic: string;
  readonly language: string;
  readonly dictionary: string;
}

/** Where Debian and Ubuntu install the English model. */
export const DEBIAN_MODEL_FOLDER = '/usr/share/pocketsphinx/model/en-us';

export function modelFiles(folder: string): ModelFiles {
  return {
    acoustic: join(folder, 'en-us'),
    language: join(folder, 'en-us.lm.bin'),
    dictionary: join(folder, 'cmudict-en-us.dict'),
  };
}

/** Rejects with `misconfigured` unless every file of the model can be read. */
export async function checkModel(folder: string): Promise<void> {
  const { acoustic, language, dictionary } = modelFiles(folder);
  for (const file of [join(acoustic, 'mdef'), language, dictionary]) {
    try {
      await access(file, constants.R_OK);
    } catch (cause) {
      throw new EngineError(
        {
          kind: 'misconfigured',
          cause: `No PocketSphinx model in ${folder}: install the package pocketsphinx-en-us or set the model folder.`,
        },
        { cause },
      );
    }
  }
}
