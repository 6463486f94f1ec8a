import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { folderFailure, isMissing } from './folder-failure.ts';

const failure = (code: string): Error => Object.assign(new Error(`${code}: open '/secret/path'`), { code });

describe('a failure of the storage folder', () => {
  it.each(['ENOSPC', 'EDQUOT'])('is insufficient storage for %s', (code) => {
    expect(folderFailure(failure(code))).toMatchObject({ code: 'insufficient_storage' });
  });

  it.each(['EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOTDIR', 'ENAMETOOLONG'])(
    'is an unavailable service for %s, with a reason and without the path',
    (code) => {
      const error = folderFailure(failure(code));
      expect(error).toMatchObject({ code: 'service_unavailable' });
      expect(String(error)).toMatch(/^EarshotError: The storage folder cannot be used: [a-z -]+\.$/);
    },
  );

  it.each([
    new Error('a mistake'),
    failure('ERR_INVALID_ARG_TYPE'),
    new EarshotError('session_not_found'),
    'text',
  ])('stays what it is when it is none of the file system: %s', (error) => {
    expect(folderFailure(error)).toBe(error);
  });

  it('is a missing object when a part of the way is missing or a file', () => {
    expect([failure('ENOENT'), failure('ENOTDIR'), failure('EACCES'), null].map(isMissing)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
