import { describe, expect, it } from '@jest/globals';
import { eventIdOf, sessionEvent } from './events.ts';
import { ThinData, thinData } from './thin-data.ts';

describe('the data of an event', () => {
  it('keeps ids, states and figures', () => {
    const data = { callId: 'call_1', externalCallId: null, durationMs: 12.5, complete: true };
    expect(thinData(data)).toEqual(data);
    expect(ThinData.parse(data)).toEqual(data);
  });

  it('never holds anything nested, long, or without a plain name', () => {
    const data = thinData({
      callId: 'call_1',
      utterances: [{ text: 'spoken words' }],
      transcript: { text: 'spoken words' },
      audio: new Uint8Array(4),
      figure: Number.NaN,
      nothing: undefined,
      'a name': 1,
      message: 'x'.repeat(5000),
    });
    expect(Object.keys(data)).toEqual(['callId', 'message']);
    expect(String(data['message'])).toHaveLength(512);
    expect(JSON.stringify(data)).not.toContain('spoken');
  });

  it('has few fields', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`field${index}`, index]));
    expect(Object.keys(thinData(many))).toHaveLength(24);
    expect(ThinData.safeParse(many).success).toBe(false);
  });
});

describe('the id of an event', () => {
  it('is the same each time, and holds nothing that a job id or a header refuses', () => {
    expect(eventIdOf('call_1', 'call.play.started', 'p1')).toBe('evt-call_1-call-play-started-p1');
    expect(eventIdOf('call_1', 'call.dtmf', '*:1\r\n')).toBe('evt-call_1-call-dtmf-~2a~3a1~d~a');
    expect(eventIdOf('call_1', 'call.dtmf', '*')).not.toBe(eventIdOf('call_1', 'call.dtmf', '#'));
  });

  it('of a session is that of deliveries before there were calls', () => {
    const ref = { tenant: 'clinic', sessionId: 'ses_0123456789abcdef' };
    const news = { ref, event: 'session.completed', occurredAt: '2026-01-01T00:00:00.000Z' } as const;
    expect(sessionEvent(news)).toEqual({
      id: 'evt-ses_0123456789abcdef-session-completed',
      type: 'session.completed',
      tenant: 'clinic',
      lineId: null,
      occurredAt: '2026-01-01T00:00:00.000Z',
      data: { sessionId: 'ses_0123456789abcdef' },
    });
    expect(sessionEvent({ ...news, call: { callId: 'call_1', lineId: 'lin_1' } })).toMatchObject({
      lineId: 'lin_1',
      data: { callId: 'call_1', sessionId: 'ses_0123456789abcdef' },
    });
  });
});
