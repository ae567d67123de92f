/** RFC 9110, 7.6.1: they belong to one connection, so they are not passed on. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Set here and nowhere else: what a client says of its own address is not believed. */
const FORWARDED = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'x-real-ip'];

const ALWAYS_DROPPED: ReadonlySet<string> = new Set(HOP_BY_HOP);
const DROPPED_FROM_REQUESTS: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...FORWARDED, 'expect']);

/** Raw headers (name, value, name, value …) for the slot: same order, letter case and repeats as the client's. */
export function requestHeaders(
  raw: readonly string[],
  client: { readonly address: string; readonly host: string },
): string[] {
  const headers = kept(raw, DROPPED_FROM_REQUESTS);
  headers.push(
    'X-Forwarded-For',
    client.address,
    'X-Forwarded-Host',
    client.host,
    'X-Forwarded-Proto',
    'http',
  );
  return headers;
}

export function responseHeaders(raw: readonly string[]): string[] {
  return kept(raw, ALWAYS_DROPPED);
}

function kept(raw: readonly string[], dropped: ReadonlySet<string>): string[] {
  const named = namedByConnection(raw);
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (!dropped.has(lower) && !named.includes(lower)) headers.push(name, raw[index + 1] ?? '');
  }
  return headers;
}

/** The further headers that `Connection` names are of this connection too. */
function namedByConnection(raw: readonly string[]): string[] {
  const index = raw.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === 'connection');
  if (index === -1) return [];
  const value = raw[index + 1] ?? '';
  return /^(keep-alive|close)$/i.test(value)
    ? []
    : value
        .toLowerCase()
        .split(',')
        .map((token) => token.trim());
}
