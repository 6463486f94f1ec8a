import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCommand } from './client-command.ts';

const read = (text: string) => readCommand(new TextEncoder().encode(text));

describe('a text frame of a client', () => {
  it('is a command with the fields that it needs', () => {
    expect(read('{"type":"mark","name":"m","more":1}')).toEqual({ type: 'mark', name: 'm' });
    expect(read('{"type":"clear"}')).toEqual({ type: 'clear' });
  });

  it('is passed over when its kind is not known', () => {
    for (const text of ['{"type":"ping"}', '{"type":7}', '{"type":null}', '{"type":"__proto__"}']) {
      expect(read(text)).toBeNull();
    }
  });

  it('is malformed otherwise, and is not quoted in the error', () => {
    for (const text of [
      '',
      'secret',
      '"secret"',
      '{"secret":1}',
      '{"type":"mark","name":["secret"]}',
      '['.repeat(4000),
    ]) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'malformed_frame' }));
      expect(() => read(text)).not.toThrow(/secret/);
    }
    expect(() => read(`{"type":"clear","x":"${'x'.repeat(4096)}"}`)).toThrow(EarshotError);
  });

  it('never leads to anything else, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          const command = read(text);
          expect([null, 'mark', 'clear']).toContain(command === null ? null : command.type);
        } catch (error) {
          expect(error).toBeInstanceOf(EarshotError);
        }
      }),
    );
  });
});
