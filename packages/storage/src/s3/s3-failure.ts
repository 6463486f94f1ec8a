import { EarshotError } from '@earshot/protocol';

/** Reasons an operator can act on; `details.reason` of the error. */
type Reason =
  | 'bucket_missing'
  | 'access_denied'
  | 'credentials'
  | 'wrong_region'
  | 'clock'
  | 'unreachable'
  | 'overloaded'
  | 'failed';

const SENTENCES: Readonly<Record<Reason, string>> = {
  bucket_missing: 'its bucket does not exist',
  access_denied: 'its credentials do not allow this',
  credentials: 'its credentials are missing, wrong or expired',
  wrong_region: 'its bucket lies in another region than the configured one, or no region is configured',
  clock: 'its clock and the clock of this machine differ too much',
  unreachable: 'it cannot be reached',
  overloaded: 'it is overloaded',
  failed: 'it answered with an error',
};

const BY_NAME: Readonly<Record<string, Reason>> = {
  NoSuchBucket: 'bucket_missing',
  AccessDenied: 'access_denied',
  Forbidden: 'access_denied',
  AllAccessDisabled: 'access_denied',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  ExpiredToken: 'credentials',
  InvalidToken: 'credentials',
  CredentialsProviderError: 'credentials',
  PermanentRedirect: 'wrong_region',
  AuthorizationHeaderMalformed: 'wrong_region',
  IllegalLocationConstraintException: 'wrong_region',
  RequestTimeTooSkewed: 'clock',
  TimeoutError: 'unreachable',
  SlowDown: 'overloaded',
  ServiceUnavailable: 'overloaded',
  TooManyRequests: 'overloaded',
};
const BY_STATUS: Readonly<Record<number, Reason>> = {
  301: 'wrong_region',
  403: 'access_denied',
  429: 'overloaded',
  503: 'overloaded',
};
const FULL = new Set([
  'XMinioStorageFull',
  'QuotaExceeded',
  'XMinioAdminBucketQuotaExceeded',
  'InsufficientStorage',
]);
const CHECKSUMS = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'IncompleteBody',
]);

/** A request that failed, or an answer that says success and does not bear it out. */
export class S3CallFailed extends Error {
  /** The server's error code, or the SDK's name for what happened on the way. */
  readonly symptom: string;
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  /** Requests that the SDK sent. */
  readonly attempts: number;

  constructor(symptom: string, options: { status?: number; attempts?: number; cause?: unknown } = {}) {
    super(symptom, { cause: options.cause });
    this.name = 'S3CallFailed';
    this.symptom = symptom;
    this.status = options.status;
    this.attempts = options.attempts ?? 1;
  }
}

/** Success without what belongs to it; worth another try. */
const UNEXPECTED = 'UnexpectedAnswer';

export function unexpectedAnswer(cause: unknown): S3CallFailed {
  return new S3CallFailed(UNEXPECTED, { cause });
}

/** Sends a request; rejects with S3CallFailed, or with the error itself when that is a mistake in the program. */
export async function callS3<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw callFailure(error);
  }
}

function callFailure(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const metadata: unknown = Reflect.get(error, '$metadata');
  const name: unknown = Reflect.get(error, 'name');
  const status = numberIn(metadata, 'httpStatusCode');
  const attempts = numberIn(metadata, 'attempts') ?? 1;
  if (status === undefined && (name === 'TypeError' || name === 'RangeError')) return error;
  const regionMissing = String(Reflect.get(error, 'message')).startsWith('Region is missing');
  const symptom = regionMissing ? 'PermanentRedirect' : String(name);
  return new S3CallFailed(symptom, { attempts, cause: error, ...(status === undefined ? {} : { status }) });
}

/** True when the same request may succeed a moment later. */
export function isTransient(failure: S3CallFailed): boolean {
  const { symptom, status } = failure;
  if (symptom === UNEXPECTED || isConflict(failure)) return true;
  if (status === undefined) return reasonOf(failure) === 'unreachable';
  return (
    status >= 500 || status === 429 || symptom === 'RequestTimeout' || symptom === 'RequestTimeTooSkewed'
  );
}

/** Another conditional write of the key is under way (409). */
export function isConflict({ status, symptom }: S3CallFailed): boolean {
  return status === 409 && /^(ConditionalRequestConflict|OperationAborted)$/.test(symptom);
}

/** The bytes that arrived are not those that were promised. */
export function isWrongChecksum({ symptom }: S3CallFailed): boolean {
  return CHECKSUMS.has(symptom);
}

/** The catalogue error for a failure: a sentence for the operator, without endpoint, bucket or key. */
export function s3Failure(error: unknown): unknown {
  if (!(error instanceof S3CallFailed)) return error;
  if (FULL.has(error.symptom) || error.status === 507) {
    return new EarshotError('insufficient_storage', { cause: error });
  }
  const reason = reasonOf(error);
  return new EarshotError('service_unavailable', {
    message: `The object store cannot be used: ${SENTENCES[reason]}.`,
    details: { reason },
    cause: error,
  });
}

function reasonOf({ symptom, status }: S3CallFailed): Reason {
  const named = Object.hasOwn(BY_NAME, symptom) ? BY_NAME[symptom] : undefined;
  if (named !== undefined) return named;
  if (status === undefined) return symptom === UNEXPECTED ? 'failed' : 'unreachable';
  return BY_STATUS[status] ?? 'failed';
}

function numberIn(value: unknown, name: string): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, name);
  return typeof found === 'number' ? found : undefined;
}
