/** What a code means on every surface: HTTP status, WebSocket close code, whether trying again can help. */
export interface ErrorRow {
  readonly status: number;
  readonly closeCode: number;
  readonly retryable: boolean;
  readonly message: string;
}

const row = (status: number, closeCode: number, message: string): ErrorRow => ({
  status,
  closeCode,
  retryable: [429, 502, 503, 507].includes(status),
  message,
});

/** The error catalogue: codes of the MedScribe protocol and our own beside them. */
export const ERRORS = {
  invalid_request: row(400, 1008, 'The request is not valid.'),
  missing_required_field: row(400, 1008, 'A required field is missing.'),
  invalid_template: row(400, 1008, 'The template list is not valid.'),
  unsupported_version: row(400, 1008, 'This protocol version is not supported.'),
  invalid_audio_format: row(400, 1003, 'The audio format is not supported or does not match the data.'),
  session_ended: row(400, 1008, 'The session has already ended.'),
  session_completed: row(400, 1008, 'The session has already been processed.'),
  validation_failed: row(422, 1008, 'A field has an invalid value.'),
  language_unsupported: row(422, 1008, 'The language is not supported.'),
  authentication_failed: row(401, 1008, 'Authentication is required.'),
  invalid_api_key: row(401, 1008, 'The API key is not valid.'),
  token_expired: row(401, 1008, 'The access token has expired.'),
  media_token_invalid: row(401, 1008, 'The media token is not valid, was used, or is too old.'),
  tenant_scope_not_allowed: row(403, 1008, 'This needs the key of one line, not one of the whole tenant.'),
  number_scope_not_allowed: row(403, 1008, 'This needs a key of the whole tenant, not one of a line.'),
  number_required: row(
    400,
    1008,
    'A key of the whole tenant has to name the number: whatsappNumberId, or the header x-whatsapp-number-id.',
  ),
  number_mismatch: row(400, 1008, 'The request names another number than its key or its header.'),
  number_not_found: row(404, 1008, 'No such number.'),
  feature_not_supported: row(400, 1008, 'The carrier of this line cannot do that.'),
  invalid_pcm_frame: row(400, 1007, 'The audio is not made of whole samples.'),
  forbidden: row(403, 1008, 'This credential may not do that.'),
  session_not_found: row(404, 1008, 'No such session.'),
  template_not_found: row(404, 1008, 'No such template.'),
  webhook_not_found: row(404, 1008, 'No such webhook.'),
  line_not_found: row(404, 1008, 'No such line.'),
  call_not_found: row(404, 1008, 'No such call.'),
  asset_not_found: row(404, 1008, 'No such audio asset.'),
  recording_not_found: row(404, 1008, 'No such recording.'),
  delivery_not_found: row(404, 1008, 'No such delivery.'),
  event_not_found: row(404, 1008, 'No such event.'),
  resource_not_found: row(404, 1008, 'No such resource.'),
  audio_not_available: row(404, 1008, 'No audio is available for this session.'),
  transcript_not_available: row(404, 1008, 'No transcript is available for this session yet.'),
  method_not_allowed: row(405, 1008, 'This method is not allowed here.'),
  request_timeout: row(408, 1008, 'The request took too long to arrive.'),
  session_conflict: row(409, 1008, 'A session with this id already exists with other content.'),
  upload_conflict: row(409, 1008, 'This sequence number already holds other audio.'),
  stream_conflict: row(409, 1008, 'The stream cannot be fed in this state.'),
  line_conflict: row(409, 1008, 'A line with this id already exists, or has calls.'),
  call_not_active: row(409, 1008, 'The call is not in a state for that.'),
  session_locked: row(409, 1008, 'This field cannot change after the session has ended.'),
  idempotency_conflict: row(422, 1008, 'This Idempotency-Key was used with another request.'),
  offset_mismatch: row(409, 1008, 'The upload does not continue where the stream stands.'),
  digest_mismatch: row(400, 1008, 'The content does not match its digest.'),
  stream_superseded: row(409, 4409, 'A newer connection feeds this stream.'),
  session_expired: row(410, 1008, 'The session has expired.'),
  recording_removed: row(410, 1008, 'The recordings of this call were removed when their time was over.'),
  audio_removed: row(410, 1008, 'The audio of this session was removed when its time was over.'),
  chunk_too_large: row(413, 1009, 'The audio is larger than allowed.'),
  payload_too_large: row(413, 1009, 'The request body is larger than allowed.'),
  unsupported_media_type: row(415, 1003, 'This content type or encoding is not accepted here.'),
  range_not_satisfiable: row(416, 1008, 'The requested range lies outside the resource.'),
  malformed_frame: row(400, 1007, 'The stream sent too many malformed frames.'),
  protocol_violation: row(400, 1002, 'The stream broke the rules of its dialect.'),
  unsupported_encoding: row(400, 1003, 'The stream declares an encoding that is not supported.'),
  stream_idle: row(408, 1001, 'The stream sent nothing for too long.'),
  rate_limit_exceeded: row(429, 1013, 'Too many requests.'),
  internal_error: row(500, 1011, 'Something went wrong on our side.'),
  processing_failed: row(500, 1011, 'The audio could not be processed.'),
  upstream_unreachable: row(502, 1011, 'The remote server could not be reached.'),
  carrier_failed: row(502, 1011, 'The carrier could not do that.'),
  service_unavailable: row(503, 1013, 'The service cannot take this right now.'),
  shutting_down: row(503, 1012, 'The server is restarting; connect again.'),
  insufficient_storage: row(507, 1013, 'There is no room to store audio right now.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** An error a caller may see. `message` and `details` never hold speech, keys, tokens or paths. */
export class EarshotError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly status: number;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    options: { message?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(options.message ?? ERRORS[code].message, { cause: options.cause });
    this.name = 'EarshotError';
    this.code = code;
    this.details = options.details;
    this.status = ERRORS[code].status;
    this.retryable = ERRORS[code].retryable;
  }
}

/** The MedScribe error envelope of an error; anything unknown becomes `internal_error` without detail. */
export function errorEnvelope(error: unknown): {
  error: { code: ErrorCode; message: string; details?: Readonly<Record<string, unknown>> };
} {
  if (!(error instanceof EarshotError)) {
    return { error: { code: 'internal_error', message: ERRORS.internal_error.message } };
  }
  const { code, message, details } = error;
  return { error: details === undefined ? { code, message } : { code, message, details } };
}
