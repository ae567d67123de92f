import { createHash } from 'node:crypto';

/** SHA-256 hex of a request: method, route, and the body whatever the order of its names. */
export function fingerprintOf(request: {
  readonly method: string;
  readonly route: string;
  readonly body: unknown;
}): string {
  return createHash('sha256')
    .update(`${request.method} ${request.route}\n${canonicalJson(request.body)}`)
    .digest('hex');
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => (isRecord(part) ? sorted(part) : part));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
