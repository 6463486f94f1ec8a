import { EarshotError, MediaCommand } from '@earshot/protocol';

/** A command is short; longer text is not looked at, bytes. */
const MAX_COMMAND_BYTES = 4096;
const KNOWN: readonly unknown[] = MediaCommand.options.map((option) => option.shape.type.value);

/** Reads a text frame; null for a kind that is not known. Throws `malformed_frame`. */
export function readCommand(bytes: Uint8Array): MediaCommand | null {
  if (bytes.length > MAX_COMMAND_BYTES) throw malformed('A text frame is longer than any command.');
  const value = parseJson(new TextDecoder().decode(bytes));
  if (typeof value !== 'object' || value === null || !('type' in value)) {
    throw malformed('A text frame is an object with a "type".');
  }
  if (!KNOWN.includes(value.type)) return null;
  const command = MediaCommand.safeParse(value);
  if (!command.success) throw malformed('The command has an invalid field.');
  return command.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw malformed('A text frame is not JSON.');
  }
}

function malformed(message: string): EarshotError {
  return new EarshotError('malformed_frame', { message });
}
