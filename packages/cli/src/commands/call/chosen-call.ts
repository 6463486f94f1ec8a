import { setTimeout as sleep } from 'node:timers/promises';
import type { CallName, CallsClient } from '@earshot/client';
import type { WadialCall } from '@earshot/protocol';
import { connectCalls, type ServerOptions, type Setting } from '../setting.ts';

/** Options that every command about calls has. */
export interface LineOptions extends ServerOptions {
  readonly line?: string;
}

/** A call that a command is about, with the client that reaches it. */
export interface ChosenCall {
  readonly client: CallsClient;
  readonly name: CallName;
}

const POLL_MS = 200;

/** The line of the option, else the only one that the key may use. */
export async function chosenLine(client: CallsClient, options: LineOptions): Promise<string> {
  if (options.line !== undefined) return options.line;
  const lines = await client.lines();
  const [only] = lines;
  if (only === undefined) throw new Error('There is no line yet: create one with POST /v1/lines.');
  if (lines.length === 1) return only.sessionId;
  const ids = lines.map(({ sessionId }) => sessionId).join(', ');
  throw new Error(`There are several lines: choose one with --line (${ids}).`);
}

/** The call with this id, or the carrier's. */
export async function chosenCall(setting: Setting, id: string, options: LineOptions): Promise<ChosenCall> {
  const client = await connectCalls(setting, options);
  return { client, name: { line: await chosenLine(client, options), call: id } };
}

/** Waits until audio flows; rejects when the call is over before. */
export async function whenActive({ client, name }: ChosenCall): Promise<WadialCall> {
  for (;;) {
    const call = await client.get(name);
    if (call.state === 'active') return call;
    if (call.state === 'ended') throw new Error(`The call is over: ${call.endReason ?? 'ended'}.`);
    await sleep(POLL_MS);
  }
}

/** Until something is there; rejects with the sentence when that takes longer than `seconds`. */
export async function whenThere<T>(
  look: () => Promise<T | undefined>,
  seconds: number,
  sentence: string,
): Promise<T> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= until) throw new Error(sentence);
    await sleep(POLL_MS * 2);
  }
}
