import { EarshotError, ERRORS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { closeReason, closingForBrokenSocket, closingForError, closingForHalt } from './closing.ts';

describe('a closing', () => {
  it('has the code and message of its error, and the record keeps both', () => {
    const error = new EarshotError('unsupported_encoding', {
      message: 'G.722 is not decoded.',
      details: { encoding: 'G722' },
    });
    expect(closingForError(error)).toEqual({
      closedBy: 'error',
      code: 1003,
      reason: 'G.722 is not decoded.',
      error,
      issue: {
        type: 'unsupported_encoding',
        message: 'G.722 is not decoded.',
        details: { encoding: 'G722' },
      },
    });
  });

  it('tells nothing of an unexpected error', () => {
    const closing = closingForError(new TypeError('secret at /var/lib'));
    expect(closing).toMatchObject({ closedBy: 'error', code: 1011, reason: ERRORS.internal_error.message });
    expect(closing.error?.message).toBe(ERRORS.internal_error.message);
  });

  it('fits its reason into 123 bytes without cutting a character', () => {
    expect(closeReason('short')).toBe('short');
    expect(closeReason('x'.repeat(123))).toHaveLength(123);
    expect(closeReason('x'.repeat(124))).toHaveLength(123);
    expect(closeReason(`${'x'.repeat(122)}é`)).toBe('x'.repeat(122));
    expect(closeReason('€'.repeat(100))).toBe('€'.repeat(41));
  });

  it('says whether the session ended, went to a newer connection, or the server stops', () => {
    expect(closingForHalt('end')).toMatchObject({ closedBy: 'server', code: 1000 });
    expect(closingForHalt('superseded')).toMatchObject({ closedBy: 'superseded', code: 4409 });
    expect(closingForHalt('shutdown')).toMatchObject({ closedBy: 'server', code: 1012 });
    expect(closingForHalt('failed')).toMatchObject({ closedBy: 'server', code: 1012, atOnce: true });
    expect(closingForHalt('no_room')).toMatchObject({ closedBy: 'server', code: 1013 });
    expect(closingForHalt('erased')).toMatchObject({ closedBy: 'server', code: 1008, atOnce: true });
  });

  it('calls an old writer superseded, whoever notices first', () => {
    expect(closingForError(new EarshotError('stream_superseded'))).toMatchObject({
      closedBy: 'superseded',
      code: 4409,
      atOnce: true,
    });
  });

  it('names what a broken socket did', () => {
    expect(closingForBrokenSocket('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH').issue?.type).toBe('payload_too_large');
    expect(closingForBrokenSocket('WS_ERR_INVALID_OPCODE').issue).toMatchObject({
      type: 'protocol_violation',
      details: { reason: 'WS_ERR_INVALID_OPCODE' },
    });
  });
});
