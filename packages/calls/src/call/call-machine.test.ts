import { type CallDirection, CallEndReason, type EventType, LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CallInput, type CallRow, callDue, newCall, transitionCall } from './call-machine.ts';

const AT = '2026-03-01T10:00:00.000Z';
const RING_MS = LIMITS.callRingSeconds * 1000;

const connected = (atMs: number): CallInput => ({ type: 'connected', at: AT, atMs });
const ended = (reason: CallEndReason): CallInput => ({ type: 'ended', reason, at: AT });
const clock = (atMs: number): CallInput => ({ type: 'clock', at: AT, atMs });

/** Runs inputs that must all be taken; tells where they lead and what was announced. */
function run(direction: CallDirection, ...inputs: readonly CallInput[]) {
  let row = newCall({ direction, atMs: 1000 });
  const announced: EventType[] = [];
  for (const input of inputs) {
    const next = transitionCall(row, input);
    if (next === null) throw new Error(`refused ${input.type}`);
    row = next.row;
    announced.push(...next.announce);
  }
  return { row, announced };
}

describe('transitionCall', () => {
  it('takes a call that is placed from initiating over ringing and active to its end', () => {
    const { row, announced } = run(
      'outbound',
      { type: 'ringing' },
      connected(5000),
      { type: 'muted', muted: true },
      ended('peer_hangup'),
    );
    expect(announced).toEqual(['call.ringing', 'call.connected', 'call.muted', 'call.ended']);
    expect(row).toMatchObject({ state: 'ended', reason: 'peer_hangup', connectedAt: AT, endedAt: AT });
  });

  it('leaves out ringing when the carrier does not tell of it, and never goes back to it', () => {
    const { row } = run('outbound', connected(2000));
    expect(row.state).toBe('active');
    expect(transitionCall(row, { type: 'ringing' })).toBeNull();
  });

  it('notes once that a call was accepted, and only of one that comes in', () => {
    const { row } = run('inbound', { type: 'ringing' }, { type: 'accepted', atMs: 2000 });
    expect(row).toMatchObject({ state: 'ringing', acceptedMs: 2000 });
    expect(transitionCall(row, { type: 'accepted', atMs: 3000 })).toBeNull();
    expect(transitionCall(run('inbound', connected(1)).row, { type: 'accepted', atMs: 3000 })).toBeNull();
    expect(
      transitionCall(newCall({ direction: 'outbound', atMs: 0 }), { type: 'accepted', atMs: 1 }),
    ).toBeNull();
  });

  it('keeps its first connection when the link comes back', () => {
    const { row, announced } = run(
      'outbound',
      connected(2000),
      { type: 'unlinked', atMs: 3000 },
      { type: 'connected', at: 'later', atMs: 4000 },
    );
    expect(announced).toEqual(['call.connected']);
    expect(row).toMatchObject({ state: 'active', connectedAt: AT, connectedMs: 2000, unlinkedMs: null });
  });

  it('counts the time without a link from its first loss, and knows no loss before the call is active', () => {
    const { row } = run('outbound', connected(2000), { type: 'unlinked', atMs: 3000 });
    expect(transitionCall(row, { type: 'unlinked', atMs: 9000 })).toBeNull();
    expect(
      transitionCall(newCall({ direction: 'outbound', atMs: 0 }), { type: 'unlinked', atMs: 1 }),
    ).toBeNull();
  });

  it('takes a mute before the call is active, and none twice', () => {
    const { row } = run('outbound', { type: 'muted', muted: true });
    expect(row.muted).toBe(true);
    expect(transitionCall(row, { type: 'muted', muted: true })).toBeNull();
  });

  it('tells of a missed call when nobody here took it or refused it', () => {
    const missed: EventType[] = ['call.missed', 'call.ended'];
    const ring: CallInput = { type: 'ringing' };
    for (const reason of ['no_answer', 'peer_hangup', 'node_lost', 'shutdown', 'failed'] as const) {
      expect(run('inbound', ring, ended(reason)).announced.slice(1)).toEqual(missed);
    }
    for (const reason of ['rejected', 'hangup'] as const) {
      expect(run('inbound', ring, ended(reason)).announced.slice(1)).toEqual(['call.ended']);
    }
    expect(run('outbound', ring, ended('no_answer')).announced).not.toContain('call.missed');
    const accepted: CallInput = { type: 'accepted', atMs: 2000 };
    expect(run('inbound', ring, accepted, ended('failed')).announced).not.toContain('call.missed');
    expect(run('inbound', connected(2000), ended('peer_hangup')).announced).not.toContain('call.missed');
  });
});

describe('time that passes', () => {
  const afterAll = (row: CallRow, atMs: number) => transitionCall(row, clock(atMs))?.row.reason ?? null;

  it('ends a call that nobody answers, at its time and not before', () => {
    const { row } = run('inbound', { type: 'ringing' });
    expect(callDue(row)).toEqual({ atMs: 1000 + RING_MS, reason: 'no_answer' });
    expect(afterAll(row, 1000 + RING_MS - 1)).toBeNull();
    expect(run('inbound', { type: 'ringing' }, clock(1000 + RING_MS)).announced).toEqual([
      'call.ringing',
      'call.missed',
      'call.ended',
    ]);
    expect(afterAll(newCall({ direction: 'outbound', atMs: 0 }), RING_MS)).toBe('no_answer');
  });

  it('ends a call as failed that was accepted and does not connect', () => {
    const { row } = run('inbound', { type: 'ringing' }, { type: 'accepted', atMs: 50_000 });
    expect(afterAll(row, 50_000 + LIMITS.callPeerGoneMs - 1)).toBeNull();
    expect(afterAll(row, 50_000 + LIMITS.callPeerGoneMs)).toBe('failed');
  });

  it('ends a call whose link stays down', () => {
    const { row } = run('outbound', connected(2000), { type: 'unlinked', atMs: 10_000 });
    expect(afterAll(row, 10_000 + LIMITS.callPeerGoneMs - 1)).toBeNull();
    expect(afterAll(row, 10_000 + LIMITS.callPeerGoneMs)).toBe('peer_gone');
  });

  it('ends the longest call, also when its link went down just before', () => {
    const longest = 2000 + LIMITS.maxCallSeconds * 1000;
    const { row } = run('outbound', connected(2000));
    expect(afterAll(row, longest - 1)).toBeNull();
    expect(afterAll(row, longest)).toBe('hangup');
    const down = run('outbound', connected(2000), { type: 'unlinked', atMs: longest - 5 }).row;
    expect(callDue(down)).toEqual({ atMs: longest, reason: 'hangup' });
  });

  it('has nothing to end in a call that is over', () => {
    expect(callDue(run('outbound', ended('busy')).row)).toBeNull();
  });
});

describe('any sequence of inputs', () => {
  const atMs = fc.nat(100_000_000);
  const at = fc.constant(AT);
  const anyInput: fc.Arbitrary<CallInput> = fc.oneof(
    fc.record({ type: fc.constant('ringing' as const) }),
    fc.record({ type: fc.constant('accepted' as const), atMs }),
    fc.record({ type: fc.constant('connected' as const), at, atMs }),
    fc.record({ type: fc.constant('unlinked' as const), atMs }),
    fc.record({ type: fc.constant('muted' as const), muted: fc.boolean() }),
    fc.record({ type: fc.constant('ended' as const), reason: fc.constantFrom(...CallEndReason.options), at }),
    fc.record({ type: fc.constant('clock' as const), at, atMs }),
  );
  const order = ['initiating', 'ringing', 'active', 'ended'];

  it('moves one way only, ends once, and announces each step once', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<CallDirection>('inbound', 'outbound'),
        fc.array(anyInput, { maxLength: 30 }),
        (direction, inputs) => {
          let row = newCall({ direction, atMs: 0 });
          const announced: EventType[] = [];
          for (const input of inputs) {
            const next = transitionCall(row, input);
            if (next === null) continue;
            expect(order.indexOf(next.row.state)).toBeGreaterThanOrEqual(order.indexOf(row.state));
            expect(row.state).not.toBe('ended');
            expect(next.row).not.toEqual(input.type === 'connected' ? null : row);
            row = next.row;
            announced.push(...next.announce);
          }
          const count = (type: EventType) => announced.filter((event) => event === type).length;
          const isOver = row.state === 'ended';
          expect(count('call.ended')).toBe(isOver ? 1 : 0);
          expect([row.reason !== null, row.endedAt !== null]).toEqual([isOver, isOver]);
          expect(count('call.connected')).toBe(row.connectedAt === null ? 0 : 1);
          expect(count('call.ringing')).toBeLessThanOrEqual(1);
          expect(count('call.missed') === 0 || (isOver && direction === 'inbound')).toBe(true);
          expect(!isOver || announced.at(-1) === 'call.ended').toBe(true);
          if (!isOver) expect(transitionCall(row, clock(200_000_000))?.row.state).toBe('ended');
        },
      ),
      { numRuns: 500 },
    );
  });
});
