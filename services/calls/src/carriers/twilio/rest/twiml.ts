import { CALL_ID_PARAMETER } from '../../stream-claimer.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

const attribute = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

/**
 * Instructions that join an answered call with a two-way media stream (Twilio, "Media Streams", `<Connect><Stream>`).
 * The call is over when the stream is. The URL takes no query, so the call's id travels as a parameter.
 */
export function streamTwiml(streamUrl: string, callId: string): string {
  const parameter = `<Parameter name="${CALL_ID_PARAMETER}" value="${attribute(callId)}"/>`;
  return `<Response><Connect><Stream url="${attribute(streamUrl)}">${parameter}</Stream></Connect></Response>`;
}
