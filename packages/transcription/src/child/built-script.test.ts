import { describe, expect, it } from '@jest/globals';
import { builtScript } from './built-script.ts';

describe('the script of a process or thread', () => {
  it('is the compiled one, whether its caller runs from source or compiled', () => {
    expect(builtScript(new URL('file:///usr/src/app/pkg/src/a/b.ts'))).toBe('/usr/src/app/pkg/dist/a/b.js');
    expect(builtScript(new URL('file:///usr/src/app/pkg/dist/a/b.ts'))).toBe('/usr/src/app/pkg/dist/a/b.js');
  });
});
