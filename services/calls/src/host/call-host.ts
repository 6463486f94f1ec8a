import { randomBytes } from 'node:crypto';
import type { Clip } from '@earshot/calls';
import { type CallRecord, EarshotError, idFrom, LIMITS, type LineRecord } from '@earshot/protocol';
import type {
  CallActor,
  CallHandle,
  CallName,
  Calls,
  CallView,
  IncomingCall,
  MediaListener,
  MediaTap,
  PlaceRequest,
} from '../ports.ts';
import { CallBook } from './book/call-book.ts';
import type { CallHostDeps } from './host-deps.ts';
import type { LiveCall } from './live-call.ts';
import { LiveCalls } from './live-calls.ts';

/** The calls that this process carries, and the way to those on record. */
export class CallHost implements Calls {
  readonly #deps: CallHostDeps;
  readonly #book: CallBook;
  readonly #live: LiveCalls;

  constructor(deps: CallHostDeps) {
    this.#deps = deps;
    this.#book = new CallBook(deps);
    this.#live = new LiveCalls(deps, this.#book);
  }

  get liveCount(): number {
    return this.#live.count;
  }

  /** Ticks of the clock that never happened because the process stood still. */
  get skippedTicks(): number {
    return this.#live.skippedTicks;
  }

  /** Hears of every call that is over on this node. */
  onEnded(listener: (callId: string) => void): void {
    this.#live.onEnded(listener);
  }

  /** Ends what an earlier process left, then starts the clock. */
  async start(): Promise<void> {
    await this.#live.reconcile();
    this.#live.start();
  }

  /** A maintenance pass: ends calls of nodes that are gone, lists calls again when the index was emptied. */
  async maintain(): Promise<void> {
    await this.#book.prime();
    await this.#live.reconcile();
  }

  /** Ends every call and waits until their audio is durable here, within `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    await this.#live.close(deadlineMs);
  }

  /** Stops without ending anything: what is live stays on record, for the next start to end. */
  stop(): void {
    this.#live.stop();
  }

  async place(line: LineRecord, request: PlaceRequest, actor: CallActor): Promise<CallView> {
    const carrier = this.#deps.carriers.get(line.carrier);
    if (carrier?.originate === undefined) throw new EarshotError('feature_not_supported');
    // A request that asks for nothing that could be is no call that failed.
    await carrier.check?.({ line, to: request.to });
    const record = this.#newRecord(line, {
      direction: 'outbound',
      peer: request.to,
      externalCallId: null,
      callbackData: request.callbackData,
      record: request.record ?? line.record,
      transcribe: request.transcribe ?? line.transcribe,
      createdBy: actor.subject,
    });
    const call = await this.#live.begin(record);
    call.event({ type: 'call.initiated' });
    try {
      const handle = this.#live.handleOf(call);
      const placed = await carrier.originate({ line, callId: record.callId, to: request.to, handle });
      call.giveUp = () => placed.cancel();
      if (call.state === 'ended') placed.cancel();
    } catch (error) {
      call.end('failed');
      throw error;
    }
    return call.view();
  }

  /** Takes a call that comes in; it rings until somebody accepts it. */
  async incoming(incoming: IncomingCall): Promise<CallHandle> {
    const { line, peer, externalCallId } = incoming;
    const record = this.#newRecord(line, {
      direction: 'inbound',
      peer,
      externalCallId,
      callbackData: null,
      record: line.record,
      transcribe: line.transcribe,
      createdBy: `carrier ${line.carrier}`,
    });
    const call = await this.#live.begin(record);
    call.giveUp = () => incoming.reject();
    call.answer = () => incoming.accept();
    call.apply({ type: 'ringing' });
    const handle = this.#live.handleOf(call);
    // The carrier has to have its handle before it is told to connect.
    if (line.autoAnswer) setImmediate(() => call.accept());
    return handle;
  }

  async get(name: CallName): Promise<CallView> {
    const callId = await this.#book.idOf(name);
    const call = this.#live.get(callId);
    const view =
      call !== undefined && call.record.tenant === name.tenant
        ? call.view()
        : await this.#book.view({ tenant: name.tenant, callId });
    if (name.lineId !== null && view.lineId !== name.lineId) throw new EarshotError('call_not_found');
    return view;
  }

  async list(page: Parameters<Calls['list']>[0]): Promise<CallView[]> {
    const views = await this.#book.list(page);
    return views.map((view) => this.#live.get(view.callId)?.view() ?? view);
  }

  async accept(name: CallName): Promise<CallView> {
    const call = await this.#carried(name);
    if (call.state === 'active') return call.view();
    if (call.state !== 'ringing' || call.record.direction !== 'inbound')
      throw new EarshotError('call_not_active');
    call.accept();
    return call.view();
  }

  async reject(name: CallName): Promise<CallView> {
    const call = await this.#carried(name);
    if (call.state !== 'ringing' || call.record.direction !== 'inbound')
      throw new EarshotError('call_not_active');
    call.end('rejected');
    return call.view();
  }

  async end(name: CallName): Promise<CallView> {
    const call = await this.#carried(name);
    if (!call.end('hangup')) throw new EarshotError('call_not_active');
    return call.view();
  }

  async mute(name: CallName, muted: boolean): Promise<CallView> {
    const call = await this.#carried(name);
    call.mute(muted);
    return call.view();
  }

  async play(name: CallName, clip: Clip): Promise<CallView> {
    try {
      const call = await this.#carried(name);
      if (this.#deps.carriers.get(call.record.carrier)?.capabilities.talk !== true)
        throw new EarshotError('feature_not_supported');
      if (!call.playout.play(clip)) {
        throw new EarshotError('rate_limit_exceeded', {
          message: `A call has at most ${LIMITS.maxQueuedPlays} plays waiting.`,
        });
      }
      return call.view();
    } catch (error) {
      clip.close();
      throw error;
    }
  }

  async clear(name: CallName): Promise<CallView> {
    const call = await this.#carried(name);
    call.clear();
    return call.view();
  }

  attach(callId: string, mode: 'talk' | 'listen', listener: MediaListener): MediaTap {
    const call = this.#live.get(callId);
    if (call?.state !== 'active') throw new EarshotError('call_not_active');
    const talks = this.#deps.carriers.get(call.record.carrier)?.capabilities.talk === true;
    if (mode === 'talk' && !talks) throw new EarshotError('feature_not_supported');
    return call.listeners.attach(mode, listener);
  }

  carries(callId: string): boolean {
    return this.#live.get(callId) !== undefined;
  }

  #newRecord(
    line: LineRecord,
    facts: Omit<
      CallRecord,
      'v' | 'callId' | 'tenant' | 'lineId' | 'carrier' | 'sessionId' | 'node' | 'createdAt'
    >,
  ): CallRecord {
    const kept = facts.record || facts.transcribe;
    return {
      v: 1,
      callId: idFrom('call', randomBytes(64)),
      tenant: line.tenant,
      lineId: line.lineId,
      carrier: line.carrier,
      sessionId: kept ? idFrom('ses', randomBytes(64)) : null,
      node: this.#deps.node,
      createdAt: new Date().toISOString(),
      ...facts,
    };
  }

  /** The live call of a name, or what is wrong with it. */
  async #carried(name: CallName): Promise<LiveCall> {
    const view = await this.get(name);
    const call = this.#live.get(view.callId);
    if (call !== undefined && view.state !== 'ended') return call;
    if (view.state === 'ended') throw new EarshotError('call_not_active');
    throw new EarshotError('service_unavailable', { message: 'Another node carries this call.' });
  }
}
