import { type ErrorName, messageOf, OmpayError, systemCodeOf } from '../../core/errors.ts';

/** What a request was about, for the words of its error. */
export interface Requested {
  readonly store: string;
  readonly bucket: string;
  readonly endpoint: string;
  readonly key: string;
}

interface Refusal {
  readonly code: ErrorName;
  readonly why: string;
  readonly hint: string;
}

/** The names that S3 and its likes give (API reference, "Error responses"), and what an operator can do. */
function refusalNamed(name: string, { bucket, key }: Requested): Refusal | undefined {
  const missing = { code: 'notFound', why: `${key} is not there`, hint: 'ompay backup list' } as const;
  const denied = (why: string): Refusal => ({
    code: 'accessDenied',
    why,
    hint: 'see BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY in .env, and what that key may do (docs/copies.md)',
  });
  const refusals: Readonly<Record<string, Refusal>> = {
    NoSuchKey: missing,
    NotFound: missing,
    NoSuchVersion: missing,
    NoSuchBucket: {
      code: 'configInvalid',
      why: `there is no bucket ${bucket}`,
      hint: 'make it, with versioning and Object Lock, or correct BACKUP_S3_BUCKET in .env (docs/copies.md)',
    },
    PreconditionFailed: { code: 'alreadyExists', why: `${key} exists already`, hint: 'ompay backup list' },
    AccessDenied: denied('permission is denied'),
    Forbidden: denied('permission is denied'),
    InvalidAccessKeyId: denied('it does not know the access key'),
    SignatureDoesNotMatch: denied('the secret access key is not the right one'),
    RequestTimeTooSkewed: {
      code: 'stateUnusable',
      why: "this machine's clock is too far from its own",
      hint: 'set the clock: timedatectl set-ntp true',
    },
    NotImplemented: {
      code: 'stateUnusable',
      why: 'it does not know a part of the request: If-None-Match or a checksum',
      hint: 'set BACKUP_S3_CHECKSUMS=when_required in .env; a store without If-None-Match cannot hold copies (docs/copies.md)',
    },
    InvalidRequest: {
      code: 'stateUnusable',
      why: 'it refuses the request',
      hint: 'with BACKUP_S3_LOCK_DAYS the bucket must have Object Lock; else try BACKUP_S3_CHECKSUMS=when_required (docs/copies.md)',
    },
  };
  return refusals[name];
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** An error of the client as ours. The cause is left out: the library's errors hold parts of what was signed. */
export function refusalOf(error: unknown, requested: Requested): OmpayError {
  if (error instanceof OmpayError) return error;
  const { store, endpoint } = requested;
  const name = error instanceof Error ? error.name : '';
  const known = refusalNamed(name, requested);
  if (known !== undefined)
    return new OmpayError(known.code, `${store} (${endpoint}): ${known.why}`, { hint: known.hint });
  const reach = `see whether it answers: curl -sS -o /dev/null -w '%{http_code}\\n' ${endpoint}`;
  if (name === 'TimeoutError')
    return new OmpayError('timeout', `${store} (${endpoint}) did not answer in time`, { hint: reach });
  const code = systemCodeOf(error) ?? '';
  if (NETWORK_CODES.has(code))
    return new OmpayError('hostUnreachable', `${store} (${endpoint}) cannot be reached: ${code}`, {
      hint: reach,
    });
  const status = statusOf(error);
  const shown = [name, messageOf(error), ...(status === undefined ? [] : [`HTTP ${status}`])];
  return new OmpayError(
    'stateUnusable',
    `${store} (${endpoint}) refused ${requested.key}: ${shown.join(', ')}`,
    {
      hint: 'see docs/copies.md for what a store must be able to do; BACKUP_S3_CHECKSUMS=when_required helps with some',
    },
  );
}

export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
