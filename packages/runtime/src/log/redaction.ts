/** Field names (lower case, no separators) whose value never reaches a log. */
const SECRET_FIELDS = new Set([
  'accesstoken',
  'apikey',
  'audio',
  'authorization',
  'body',
  'clientsecret',
  'cookie',
  'credential',
  'credentials',
  'passphrase',
  'password',
  'patientdetails',
  'prompt',
  'refreshtoken',
  'secret',
  'setcookie',
  'signature',
  'streamid',
  'text',
  'token',
  'transcript',
  'utterances',
  'words',
  'xapikey',
]);

const HIDDEN = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 50;
const MAX_TEXT = 2000;

/** What looks like a secret wherever it stands: API keys, stream ids, bearer values, JWTs, URL passwords, signed queries. */
const SECRET_PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\bsk_(live|test)_[A-Za-z0-9_-]+/g, 'sk_$1_[redacted]'],
  [/\bstr_[0-9a-z]{26}\b/g, 'str_[redacted]'],
  [/\bemt_[\w-]{43}/g, 'emt_[redacted]'],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, HIDDEN],
  [/\b(bearer|apikey|x-api-key)\s+[^\s"',]+/gi, `$1 ${HIDDEN}`],
  [/(\/\/)[^\s/@:]*:[^\s/@]*@/g, `$1${HIDDEN}@`],
  [/([?&](?:[a-z_-]*token|signature|sig|key|api_key|secret)=)[^&\s"']+/gi, `$1${HIDDEN}`],
];

/** C0, DEL, C1, line separators and bidirectional overrides: what can forge or hide a line in a terminal. */
const CONTROL = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that may be logged: secrets masked, control characters written as escapes, cut at 2,000 characters. */
export function maskText(text: string): string {
  let out = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  for (const [pattern, replacement] of SECRET_PATTERNS) out = out.replace(pattern, replacement);
  return out.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name.replace(/[-_]/g, '').toLowerCase());
}

/** The first calls of a stack; the lines above them repeat the message. */
function callsOf(stack: string): readonly string[] {
  const calls = stack.split('\n').map((line) => line.trim());
  return calls.filter((line) => line.startsWith('at ')).slice(0, 8);
}

/** An error as it may be logged: type, code, message, 8 calls of its stack, cause. */
export function maskError(error: Error, depth = 0): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause === undefined ? undefined : maskValue(error.cause, depth + 1);
  return {
    type: error.name,
    // The message of JSON.parse quotes the text that it could not read.
    message: error.name === 'SyntaxError' ? HIDDEN : maskText(error.message),
    ...(code === undefined ? {} : { code: maskText(code) }),
    ...(error.stack === undefined ? {} : { stack: callsOf(error.stack).map(maskText) }),
    ...(cause === undefined ? {} : { cause }),
  };
}

function maskObject(value: object, depth: number): unknown {
  if (value instanceof Error) return maskError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return maskText(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => maskValue(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  return redactFields(value, depth + 1);
}

function maskValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  return typeof value === 'object' && value !== null ? maskObject(value, depth) : value;
}

/** The fields of one log line as they may be written: secret fields hidden by name, other text by pattern. */
export function redactFields(fields: object, depth = 0): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MAX_ITEMS)) {
    out[name] =
      isSecretField(name) && value !== null && value !== undefined ? HIDDEN : maskValue(value, depth);
  }
  return out;
}
