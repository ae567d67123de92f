import { type Shell, sh } from '../../shell/line.ts';
import { type Change, type ChangeAction, defineKind } from '../kind.ts';
import { type AllowedPort, type FirewallResource, idOf } from '../resource.ts';

const CHANGE_MS = 60_000;
const ANYWHERE = ['0.0.0.0/0', '::/0'];

/**
 * ufw. Its own files say what is declared, the kernel what is in force: both are looked at, since a rule that somebody
 * put in by iptables is in no file. `ufw status` is not asked: it takes 150 ms of Python for each of two questions.
 * Rules that refuse somebody (fail2ban's) are left alone.
 */
export const firewallKind = defineKind({
  kind: 'firewall',
  look: () => sh`grep -h '^### tuple' /etc/ufw/user.rules /etc/ufw/user6.rules 2>/dev/null
grep -hE '^(ENABLED|DEFAULT_INPUT_POLICY|IPV6)=' /etc/ufw/ufw.conf /etc/default/ufw 2>/dev/null
[ -e /proc/net/if_inet6 ] || echo IPV6=no
for chain in INPUT ufw-user-input; do iptables -S $chain 2>/dev/null; done
for chain in INPUT ufw6-user-input; do ip6tables -S $chain 2>/dev/null | sed 's/^/6 /'; done`,
  changes: ([firewall], printed) => (firewall === undefined ? [] : changesOf(firewall, printed.split('\n'))),
});

function changesOf(firewall: FirewallResource, lines: readonly string[]): readonly Change[] {
  const seen = new Set(lines.flatMap(openedBy));
  const networks = firewall.allows.flatMap(networksOf);
  const possible = lines.includes('IPV6=no') ? networks.filter(({ from }) => !from.includes(':')) : networks;
  const wanted = new Set(possible.map(keyOf));
  const missing = [...wanted].filter((key) => !seen.has(key));
  const tooMany = [...seen].filter((key) => !wanted.has(key));
  const foreign = lines.filter((line) => /^(6 )?-A INPUT /.test(line) && !/ -j ufw6?-/.test(line));
  const faults = faultsOf(lines);
  const differences = [
    ...faults,
    ...missing.map((key) => `does not allow ${key}`),
    ...tooMany.map((key) => `allows ${key}`),
    ...foreign.map((line) => `has the rule ${shownRule(line)}`),
  ];
  if (differences.length === 0) return [];
  const actions = [
    ...foreign.map((line) => run(`drop the rule ${shownRule(line)}`, dropLine(line))),
    ...(missing.length === 0 ? [] : [run(`allow ${missing.join(', ')}`, each(sh`ufw`, missing))]),
    ...(tooMany.length === 0
      ? []
      : [run(`close ${tooMany.join(', ')}`, each(sh`ufw --force delete`, tooMany))]),
    ...(faults.length === 0 ? [] : [run('close the rest', CLOSE)]),
  ];
  return [{ resource: idOf(firewall), shown: differences.join(', '), actions, tells: [] }];
}

/** In one go, as the guard's time runs. */
function each(command: Shell, keys: readonly string[]): Shell {
  return keys.reduce<Shell>((line, key) => sh`${line} && ${command} ${wordsOf(key)}`, sh`true`);
}

/** Off and on: a reload alone does not put back chains that somebody flushed. */
const CLOSE = sh`ufw --force default deny incoming && ufw --force disable && ufw --force enable`;

/** `443/tcp from 0.0.0.0/0`: what a port is known by here. */
function keyOf({ port, from }: { readonly port: number; readonly from: string }): string {
  return `${port}/tcp from ${from}`;
}

function networksOf({
  port,
  from,
}: AllowedPort): readonly { readonly port: number; readonly from: string }[] {
  return (from === null ? ANYWHERE : [from]).map((network) => ({ port, from: network }));
}

/** `### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`; of another form, what it says, so that it is seen and closed. */
function openedBy(line: string): string[] {
  const match = /^### tuple ### (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line);
  if (match === null) return [];
  const [, verb, protocol, port, to, , from] = match;
  if (verb !== 'allow' && verb !== 'limit') return [];
  return [`${port}/${protocol} from ${from}${verb === 'allow' && isAny(to) ? '' : ` (${verb} to ${to})`}`];
}

function isAny(network: string | undefined): boolean {
  return ANYWHERE.includes(network ?? '');
}

/** The words of `ufw` for a key, as a rule or after `delete`. */
function wordsOf(key: string): readonly string[] {
  const match = /^(\S+)\/(\S+) from (\S+)(?: \((allow|limit) to (\S+)\))?$/.exec(key);
  if (match === null) throw new RangeError(`no rule of a firewall: ${key}`);
  const [, port = '', protocol = '', from = '', verb = 'allow', to = 'any'] = match;
  const target = isAny(to) ? 'any' : to;
  return [
    verb,
    ...(protocol === 'any' ? [] : ['proto', protocol]),
    'from',
    from,
    'to',
    target,
    ...(port === 'any' ? [] : ['port', port]),
  ];
}

function faultsOf(lines: readonly string[]): readonly string[] {
  const isClosing =
    lines.includes('ENABLED=yes') &&
    lines.includes('DEFAULT_INPUT_POLICY="DROP"') &&
    lines.includes('-P INPUT DROP') &&
    lines.includes('-A INPUT -j ufw-before-input') &&
    lines.includes('-A INPUT -j ufw-after-input');
  const live = new Set(lines.flatMap(acceptedBy));
  const declared = new Set(lines.flatMap(openedBy).filter((key) => !key.endsWith(')')));
  const isSame = live.size === declared.size && [...live].every((key) => declared.has(key));
  return [
    ...(isClosing ? [] : ['not in force']),
    ...(!isClosing || isSame ? [] : ['the kernel has other rules than its files']),
  ];
}

/** `-A ufw-user-input -s 10.0.0.1/32 -p tcp -m tcp --dport 22 -j ACCEPT` */
function acceptedBy(line: string): string[] {
  const match = /^(6 )?-A ufw6?-user-input (.*)-j ACCEPT$/.exec(line);
  if (match === null) return [];
  const rule = match[2] ?? '';
  const word = (name: string): string | undefined => new RegExp(`(?:^| )${name} (\\S+) `).exec(rule)?.[1];
  const anywhere = match[1] === undefined ? '0.0.0.0/0' : '::/0';
  const from = word('-s')?.replace(/\/(32|128)$/, '') ?? anywhere;
  return [`${word('--dport') ?? 'any'}/${word('-p') ?? 'any'} from ${from}`];
}

function shownRule(line: string): string {
  return line.replace(/^(6 )?-A INPUT /, (_all, six: string | undefined) =>
    six === undefined ? '' : 'IPv6 ',
  );
}

function dropLine(line: string): Shell {
  const program = line.startsWith('6 ') ? 'ip6tables' : 'iptables';
  const words = line.replace(/^(6 )?-A /, '').match(/"[^"]*"|\S+/g) ?? [];
  return sh`${program} -D ${words.map((word) => word.replaceAll('"', ''))}`;
}

/** What was open before is not opened again by itself: the guard of the role puts the whole old state back. */
function run(title: string, line: Shell): ChangeAction {
  return { title, action: { kind: 'exec', line, timeoutMs: CHANGE_MS } };
}
