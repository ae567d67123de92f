import { ROLES, type Role } from './settings.ts';

/** What `ompay init` knows of an environment. */
export interface Wanted {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly email: string;
  /** Addresses by role; one that serves in several roles is one host. */
  readonly addresses: Readonly<Partial<Record<Role, readonly string[]>>>;
  readonly recipient: { readonly name: string; readonly recipient: string };
}

/** The text of a new ompay.yml. Values are JSON, which is YAML too (yaml.org, 1.2, 10.2), so none can break out. */
export function ymlText(wanted: Wanted): string {
  const hosts = hostsOf(wanted.addresses).map(
    ({ name, address, roles }) =>
      `      ${name}: { address: ${quoted(address)}, user: ${quoted(wanted.user)}, roles: [${roles.join(', ')}] }`,
  );
  const uses = wanted.addresses.redis === undefined ? [] : ['  redis:', '    use: [cache, sessions, queue]'];
  return [
    '# The servers of OMPAY. `ompay config -e NAME --origin` shows what it comes to; docs/ompay-yml.md has every key.',
    '# base counts in every environment. Secrets are not here: ompay secrets set NAME -e ENVIRONMENT.',
    'base:',
    '  database:',
    `    connection: ${quoted(wanted.database)}`,
    '    name: ompay',
    '    user: ompay',
    ...uses,
    '  tls:',
    `    email: ${quoted(wanted.email)}`,
    '  recipients:',
    `    ${wanted.recipient.name}: ${wanted.recipient.recipient}`,
    '',
    'environments:',
    `  ${quoted(wanted.name)}:`,
    '    app:',
    `      environment: ${quoted(wanted.kind)}`,
    `      url: ${quoted(wanted.url)}`,
    '    hosts:',
    ...hosts,
    '',
  ].join('\n');
}

interface Host {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly Role[];
}

/** `web1`, `web2`: named after the role that it is known by, and counted. */
function hostsOf(addresses: Wanted['addresses']): readonly Host[] {
  const all = [...new Set(ROLES.flatMap((role) => addresses[role] ?? []))];
  const counts = new Map<Role, number>();
  return all.map((address) => {
    const roles = ROLES.filter((role) => addresses[role]?.includes(address) === true);
    const first = roles.includes('web') ? 'web' : (roles[0] ?? 'web');
    const count = (counts.get(first) ?? 0) + 1;
    counts.set(first, count);
    return { name: `${first}${count}`, address, roles };
  });
}

function quoted(value: string): string {
  return JSON.stringify(value);
}
