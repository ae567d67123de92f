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
/** Never taken away because `Connection` names them: without its length a body would be read as a second request. */
const ESSENTIAL: ReadonlySet<string> = new Set(['content-length', 'host']);

const ALWAYS_DROPPED: ReadonlySet<string> = new Set(HOP_BY_HOP);
const DROPPED_FROM_REQUESTS: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...FORWARDED, 'expect']);

/**
 * Raw headers (name, value, name, value …) for the slot: same order, letter case and repeats as the client's.
 * The framing of a body without a length is written anew here, as nothing adds it later.
 */
export function requestHeaders(
  raw: readonly string[],
  client: { readonly address: string; readonly host: string; readonly isChunked: boolean },
): string[] {
  const headers = kept(raw, DROPPED_FROM_REQUESTS);
  headers.push('X-Forwarded-For', client.address, 'X-Forwarded-Host', client.host);
  headers.push('X-Forwarded-Proto', 'http');
  if (client.isChunked) headers.push('Transfer-Encoding', 'chunked');
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

/** The further headers that `Connection` names are of this connection too. It may stand there more than once. */
function namedByConnection(raw: readonly string[]): string[] {
  const named: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() !== 'connection') continue;
    const tokens = (raw[index + 1] ?? '').toLowerCase().split(',');
    named.push(...tokens.map((token) => token.trim()).filter((token) => !ESSENTIAL.has(token)));
  }
  return named;
}
