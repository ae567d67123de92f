import { OmpayError } from '../core/errors.ts';
import { DISTRIBUTIONS, type Distribution, type LabMirrors } from './types.ts';

/** A source of packages, as sources.list(5) gives it in either of its formats. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/** Reads `deb [options] URI SUITE COMPONENT…` lines. */
export function readSourcesList(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const words = line
      .replace(/#.*/, '')
      .replace(/^(deb)\s+\[[^\]]*\]/, '$1')
      .trim()
      .split(/\s+/);
    const [type, uri, suite, ...components] = words;
    if (type !== 'deb' || uri === undefined || suite === undefined) return [];
    return [{ uri, suites: [suite], components }];
  });
}

/** Reads deb822 stanzas (`Types:`, `URIs:`, `Suites:`, `Components:`). */
export function readSourcesStanzas(text: string): readonly AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n[ \t]*\n/).flatMap((stanza) => {
    const words = (field: string): readonly string[] =>
      new RegExp(`^${field}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const isOn = words('Enabled')[0]?.toLowerCase() !== 'no';
    if (!isOn || !words('Types').includes('deb')) return [];
    return words('URIs').map((uri) => ({ uri, suites: words('Suites'), components: words('Components') }));
  });
}

/**
 * Where the hosts' packages come from: the machine's own Debian archive. The archive of any Debian distribution has the
 * others too; only its address is taken. Throws `configInvalid` when the machine has none.
 */
export function mirrorsFor(
  distributions: readonly Distribution[],
  sources: readonly AptSource[],
  chosen: string | undefined,
): LabMirrors {
  const main = chosen ?? sources.find((source) => isMain(source))?.uri;
  if (main === undefined || !/^https?:\/\/[^/]/.test(main)) {
    throw new OmpayError(
      'configInvalid',
      main === undefined
        ? "this machine's apt sources name no Debian archive"
        : `${main} is not an http address`,
      { hint: 'name one: ompay lab up --mirror http://MIRROR/debian' },
    );
  }
  const security = sources.find(({ suites }) => suites.some((suite) => suite.endsWith('-security')))?.uri;
  const hasSecurity = distributions.some(hasSecurityArchive) && security?.startsWith('http') === true;
  return { main: trimmed(main), security: hasSecurity ? trimmed(security) : '' };
}

function isMain({ suites, components }: AptSource): boolean {
  const known: readonly string[] = [
    ...DISTRIBUTIONS,
    'stable',
    'testing',
    'unstable',
    'oldstable',
    'bullseye',
  ];
  return components.includes('main') && suites.some((suite) => known.includes(suite));
}

/** sid gets its security updates in the archive itself. */
function hasSecurityArchive(distribution: Distribution): boolean {
  return distribution !== 'sid';
}

function trimmed(uri: string): string {
  return uri.replace(/\/+$/, '');
}

/** The hosts' /etc/apt/sources.list. */
export function sourcesList(distribution: Distribution, { main, security }: LabMirrors): string {
  const lines = [`deb ${main} ${distribution} main`];
  if (security !== '' && hasSecurityArchive(distribution))
    lines.push(`deb ${security} ${distribution}-security main`);
  return `${lines.join('\n')}\n`;
}

/** A server that hosts reach through the lab's relay, under an address of the lab. */
export interface MirrorServer {
  readonly host: string;
  readonly port: number;
}

/** The servers behind the archives, each once. */
export function mirrorServers({ main, security }: LabMirrors): readonly MirrorServer[] {
  const servers = [main, ...(security === '' ? [] : [security])].map((uri) => {
    const { hostname, port, protocol } = new URL(uri);
    return { host: hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
  });
  const isFirst = ({ host, port }: MirrorServer, index: number): boolean =>
    servers.findIndex((each) => each.host === host && each.port === port) === index;
  return servers.filter(isFirst);
}
