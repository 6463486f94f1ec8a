import type { WadialCall } from '@earshot/protocol';
import type { CallView } from '../../ports.ts';

const NUMBER = /^\+([1-9][0-9]{4,14})$/;
const PHONE_JID = /^\+?([1-9][0-9]{4,14})(?::\d{1,3})?@(?:s\.whatsapp\.net|c\.us)$/;
const DIGITS = /^[1-9][0-9]{4,14}$/;

/** A peer as WADial clients name numbers, on whatever network they are; what is no number stays as it is. */
export function jidOf(peer: string): string {
  const digits = NUMBER.exec(peer)?.[1];
  return digits === undefined ? peer : `${digits}@s.whatsapp.net`;
}

/** The peer that a client means: phone JIDs and bare digits are E.164 numbers, anything else is the carrier's matter. */
export function peerOf(to: string): string {
  const digits = PHONE_JID.exec(to)?.[1] ?? DIGITS.exec(to)?.[0];
  return digits === undefined ? to : `+${digits}`;
}

/** A call as WADial clients see it. */
export function wadialCall(call: CallView): WadialCall {
  return {
    callId: call.callId,
    sessionId: call.lineId,
    peerJid: jidOf(call.peer),
    peer: call.peer,
    direction: call.direction === 'inbound' ? 'incoming' : 'outgoing',
    mediaType: 'audio',
    state: call.state,
    transport: 'websocket',
    audioMuted: call.muted,
    transcriptionSessionId: call.transcribe ? call.sessionId : null,
    endReason: call.reason,
    createdAt: call.createdAt,
    connectedAt: call.connectedAt,
    endedAt: call.endedAt,
    updatedAt: call.updatedAt,
  };
}
