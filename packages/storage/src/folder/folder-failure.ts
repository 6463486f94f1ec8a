import { EarshotError } from '@earshot/protocol';

/** Everything that Node reports of the file system has a code; the rest is a mistake in the program. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True for the codes that mean "no such file", also when a part of the way is a file. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const BROKEN: Readonly<Record<string, string>> = {
  EACCES: 'the process may not read or write it',
  EPERM: 'the process may not read or write it',
  EROFS: 'it is on a read-only file system',
  EIO: 'the disk reports an error',
  EMFILE: 'the process has too many open files',
  ENFILE: 'the system has too many open files',
  ENOTDIR: 'a part of its path is a file',
  ENAMETOOLONG: 'its path is too long',
};

/** Turns a failure of the file system into a catalogue error without paths; anything else stays as it is. */
export function folderFailure(error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof EarshotError) return error;
  if (FULL.has(code)) return new EarshotError('insufficient_storage', { cause: error });
  const because = BROKEN[code];
  if (because === undefined) return error;
  return new EarshotError('service_unavailable', {
    message: `The storage folder cannot be used: ${because}.`,
    cause: error,
  });
}
