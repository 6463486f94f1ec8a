import type { CallName, CallsClient } from '@earshot/client';
import type { WadialCall } from '@earshot/protocol';
import { connectCalls, type ServerOptions, type Setting } from '../setting.ts';
import { chosenCall, chosenLine, type LineOptions, whenActive } from './chosen-call.ts';

/** Prints the lines of the key, one a line: id, carrier, number, name. */
export async function listLines(setting: Setting, options: ServerOptions): Promise<void> {
  const client = await connectCalls(setting, options);
  for (const { sessionId, carrier, phoneNumber, name } of await client.lines()) {
    setting.stdout.write(`${sessionId}  ${carrier}  ${phoneNumber ?? '-'}  ${name}\n`);
  }
}

export interface PlaceOptions extends LineOptions {
  readonly record?: boolean;
  readonly transcribe?: boolean;
  readonly wait?: boolean;
}

/** Places a call and prints its id; with `wait` once it is answered. */
export async function placeCall(setting: Setting, to: string, options: PlaceOptions): Promise<void> {
  const client = await connectCalls(setting, options);
  const line = await chosenLine(client, options);
  const { record, transcribe } = options;
  const call = await client.place(line, {
    to,
    ...(record === undefined ? {} : { record }),
    ...(transcribe === undefined ? {} : { transcribe }),
  });
  setting.stdout.write(`${call.callId}\n`);
  const now = options.wait === true ? await whenActive({ client, name: { line, call: call.callId } }) : call;
  setting.stderr.write(`${now.state}\n`);
}

/** Prints calls, newest first, one a line. */
export async function listCalls(
  setting: Setting,
  options: LineOptions & { limit: number; before?: string },
): Promise<void> {
  const client = await connectCalls(setting, options);
  const { limit, before } = options;
  const page = before === undefined ? { limit } : { limit, before };
  for (const call of await client.list(await chosenLine(client, options), page)) {
    const { callId, direction, peer, createdAt } = call;
    setting.stdout.write(`${callId}  ${stateOf(call).padEnd(18)}  ${direction}  ${createdAt}  ${peer}\n`);
  }
}

/** Prints one call as the server shows it. */
export async function getCall(setting: Setting, id: string, options: LineOptions): Promise<void> {
  const { client, name } = await chosenCall(setting, id, options);
  setting.stdout.write(`${JSON.stringify(await client.get(name), null, 2)}\n`);
}

/** What changes a call. */
export type CallAction = (client: CallsClient, name: CallName) => Promise<WadialCall>;

/** Changes a call and prints in which state it is then. */
export async function changeCall(
  setting: Setting,
  id: string,
  change: { readonly options: LineOptions; readonly act: CallAction },
): Promise<void> {
  const { client, name } = await chosenCall(setting, id, change.options);
  const call = await change.act(client, name);
  setting.stdout.write(`${call.callId} is ${stateOf(call)}${call.audioMuted ? ', muted' : ''}\n`);
}

function stateOf({ state, endReason }: WadialCall): string {
  return endReason === null ? state : `${state}: ${endReason}`;
}
