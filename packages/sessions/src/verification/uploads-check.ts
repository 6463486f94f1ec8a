import type { Manifest } from '@earshot/protocol';
import type { VerificationParts } from './ports.ts';

/** Holds every uploaded file against its receipt, and the receipts against the manifest. One sentence a problem. */
export async function checkUploads(
  { truth, hashObject }: Pick<VerificationParts, 'truth' | 'hashObject'>,
  manifest: Manifest,
): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, key, bytes, sha256 } of manifest.uploads) {
    const found = await hashObject(key);
    if (found === null) problems.push(`file ${name} is missing`);
    else if (found.bytes !== bytes || found.sha256 !== sha256) {
      problems.push(`file ${name} is not what its SHA-256 says`);
    }
  }
  const named = new Set(manifest.uploads.map((upload) => upload.sequence));
  for (const { name, sequence } of await truth.readUploads(manifest)) {
    if (!named.has(sequence)) problems.push(`file ${name} has a receipt, but is not in the manifest`);
  }
  return problems;
}
