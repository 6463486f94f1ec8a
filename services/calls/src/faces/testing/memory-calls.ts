import { createHash } from 'node:crypto';
import type { Clip } from '@earshot/calls';
import { EarshotError, idFrom, type LineRecord } from '@earshot/protocol';
import type { CallName, Calls, CallView, MediaTap, PlaceRequest } from '../../ports.ts';

type State = CallView['state'];

const START = Date.parse('2026-01-01T00:00:00Z');
const ENDED = { state: 'ended', endedAt: '2026-01-01T01:00:00.000Z', durationMs: 61_499 } as const;
const ACTIVE = { state: 'active', connectedAt: '2026-01-01T00:30:00.000Z' } as const;

/** Calls in memory: their states move only when a test or a route says so. */
export class MemoryCalls implements Calls {
  readonly played: Clip[] = [];
  readonly cleared: string[] = [];
  readonly placed: PlaceRequest[] = [];
  /** Calls that another node carries. */
  readonly elsewhere = new Set<string>();
  /** Features that the carrier does not have. */
  readonly missing = new Set<'play' | 'accept'>();
  readonly #calls = new Map<string, CallView>();

  place(line: LineRecord, request: PlaceRequest): Promise<CallView> {
    this.placed.push(request);
    return Promise.resolve(
      this.#add(line, { direction: 'outbound', peer: request.to, callbackData: request.callbackData }),
    );
  }

  /** A call that rings here. */
  incoming(line: LineRecord, peer: string): CallView {
    return this.#add(line, { direction: 'inbound', peer });
  }

  change(callId: string, part: Partial<CallView>): CallView {
    const call = this.#calls.get(callId);
    if (call === undefined) throw new EarshotError('call_not_found');
    const changed = { ...call, ...part };
    this.#calls.set(callId, changed);
    return changed;
  }

  async get(name: CallName): Promise<CallView> {
    return this.#inState(name, ['initiating', 'ringing', 'active', 'ended']);
  }

  list({ tenant, lineId, limit, before }: Parameters<Calls['list']>[0]): Promise<CallView[]> {
    const found = [...this.#calls.values()]
      .filter((call) => call.tenant === tenant && (lineId === null || call.lineId === lineId))
      .filter((call) => before === null || call.createdAt < before);
    return Promise.resolve(found.toReversed().slice(0, limit));
  }

  async accept(name: CallName): Promise<CallView> {
    const { callId } = await this.#inState(name, ['ringing']);
    if (this.missing.has('accept')) throw new EarshotError('feature_not_supported');
    return this.change(callId, ACTIVE);
  }

  async reject(name: CallName): Promise<CallView> {
    const { callId } = await this.#inState(name, ['ringing']);
    return this.change(callId, { ...ENDED, reason: 'rejected' });
  }

  async end(name: CallName): Promise<CallView> {
    const { callId } = await this.#inState(name, ['initiating', 'ringing', 'active']);
    return this.change(callId, { ...ENDED, reason: 'hangup' });
  }

  async mute(name: CallName, muted: boolean): Promise<CallView> {
    const { callId } = await this.#inState(name, ['ringing', 'active']);
    return this.change(callId, { muted });
  }

  async play(name: CallName, clip: Clip): Promise<CallView> {
    try {
      const call = await this.#inState(name, ['initiating', 'ringing', 'active']);
      if (this.missing.has('play')) throw new EarshotError('feature_not_supported');
      this.played.push(clip);
      return call;
    } catch (error) {
      clip.close();
      throw error;
    }
  }

  async clear(name: CallName): Promise<CallView> {
    const call = await this.#inState(name, ['active']);
    this.cleared.push(call.callId);
    return call;
  }

  attach(): MediaTap {
    throw new EarshotError('call_not_active');
  }

  carries(callId: string): boolean {
    return this.#calls.has(callId) && !this.elsewhere.has(callId);
  }

  /** The call, if it is in one of these states. */
  #inState({ tenant, lineId, id }: CallName, states: readonly State[]): Promise<CallView> {
    const call = [...this.#calls.values()].find(
      (one) =>
        one.tenant === tenant &&
        (lineId === null || one.lineId === lineId) &&
        (one.callId === id || one.externalCallId === id),
    );
    if (call === undefined) return Promise.reject(new EarshotError('call_not_found'));
    return states.includes(call.state)
      ? Promise.resolve(call)
      : Promise.reject(new EarshotError('call_not_active'));
  }

  #add(line: LineRecord, part: Partial<CallView> & Pick<CallView, 'direction' | 'peer'>): CallView {
    const { size } = this.#calls;
    const callId = idFrom('call', createHash('sha512').update(`call ${size}`).digest());
    const createdAt = new Date(START + size * 1000).toISOString();
    const call: CallView = {
      callId,
      tenant: line.tenant,
      lineId: line.lineId,
      carrier: line.carrier,
      externalCallId: `ext-${size}`,
      state: 'ringing',
      muted: false,
      record: line.record,
      transcribe: line.transcribe,
      sessionId: null,
      callbackData: null,
      createdAt,
      connectedAt: null,
      endedAt: null,
      updatedAt: createdAt,
      durationMs: null,
      reason: null,
      ...part,
    };
    this.#calls.set(callId, call);
    return call;
  }
}
