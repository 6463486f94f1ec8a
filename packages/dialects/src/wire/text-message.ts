import { EarshotError, LIMITS } from '@earshot/protocol';
import type { JsonObject } from '../model/dialect.ts';
import { isJsonObject } from './fields.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Parses a text message into a JSON object; null when it is not UTF-8, not JSON or not an object.
 * Throws malformed_frame for nesting beyond the limit, which no sender produces by accident.
 */
export function parseTextMessage(data: Uint8Array): JsonObject | null {
  try {
    const text = utf8.decode(data);
    refuseDeepNesting(text);
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch (error) {
    if (error instanceof EarshotError) throw error;
    return null;
  }
}

/** Counts brackets outside strings before anything is built from them. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at + 1);
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > LIMITS.maxJsonDepth) {
      throw new EarshotError('malformed_frame', {
        message: 'A control message is nested too deeply.',
        details: { maxDepth: LIMITS.maxJsonDepth },
      });
    }
  }
}

/** Index of the quote that closes a string; native search makes a long payload cheap to skip. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote;
  }
  return text.length;
}
