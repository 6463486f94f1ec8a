import type { LineRecord } from '@earshot/protocol';

/** A line as stored, on this carrier. */
export function testLine(changes: Partial<LineRecord> = {}): LineRecord {
  return {
    v: 1,
    lineId: 'lin_front',
    tenant: 'clinic',
    name: 'front desk',
    number: '+15550111',
    carrier: 'loopback',
    record: true,
    transcribe: false,
    autoAnswer: false,
    model: 'lite',
    language: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}
