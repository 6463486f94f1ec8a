import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from '@earshot/runtime';

/** The secret that signs login tokens, kept so that they outlive a restart. */
export async function findTokenSecret(dataFolder: string): Promise<string> {
  const file = join(dataFolder, 'token-secret');
  const kept = await readPrivateFile(file);
  if (kept !== undefined) return kept;
  const secret = randomBytes(48).toString('base64url');
  await writePrivateFile(file, secret);
  return secret;
}
