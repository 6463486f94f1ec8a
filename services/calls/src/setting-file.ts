import { readFile } from 'node:fs/promises';
import { systemFailure } from '@earshot/runtime';

/**
 * Reads the file whose path a setting is. Throws one sentence without the setting's value: somebody may have put
 * there, by mistake, what belongs into the file, keys and all.
 */
export async function readSettingFile(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemFailure(error) ?? 'no file';
    throw new Error(`${setting} has to be the path of a JSON file, and none can be read there (${code}).`);
  }
}
