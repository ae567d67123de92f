import { type Shell, sh } from '../../shell/line.ts';
import { type Change, type ChangeAction, defineKind } from '../kind.ts';
import type { AllowedPort, FirewallResource } from '../resource.ts';

const CHANGE_MS = 60_000;

/**
 * ufw. Its own files say what is declared, the kernel what is in force: both are looked at, since a rule that somebody
 * put in by iptables is in no file. `ufw status` is not asked: it takes 150 ms of Python for each of two questions.
 */
export const firewallKind = defineKind({
  kind: 'firewall',
  look: () => sh`grep -h '^### tuple' /etc/ufw/user.rules /etc/ufw/user6.rules 2>/dev/null
grep -h '^ENABLED=\|^DEFAULT_INPUT_POLICY=' /etc/ufw/ufw.conf /etc/default/ufw 2>/dev/null
iptables -S INPUT 2>/dev/null
iptables -S ufw-user-input 2>/dev/null || true`,
  changes: ([firewall], printed) => (firewall === undefined ? [] : changesOf(firewall, printed.split('\n'))),
});

function changesOf(firewall: FirewallResource, lines: readonly string[]): readonly Change[] {
  const seen = new Set(lines.flatMap(tupleOf));
  const wanted = new Map(firewall.allows.map((allow) => [keyOf(allow), allow]));
  const missing = [...wanted].filter(([key]) => !seen.has(key)).map(([, allow]) => allow);
  const tooMany = [...seen].filter((key) => !wanted.has(key));
  const foreign = lines.filter((line) => line.startsWith('-A INPUT') && !/ -j ufw6?-/.test(line));
  const isOn =
    lines.includes('ENABLED=yes') &&
    lines.includes('DEFAULT_INPUT_POLICY="DROP"') &&
    lines.includes('-P INPUT DROP') &&
    isInForce(firewall, lines);
  const differences = [
    ...(isOn ? [] : ['not in force']),
    ...missing.map((allow) => `does not allow ${shownPort(allow)}`),
    ...tooMany.map((key) => `allows ${key}`),
    ...foreign.map((line) => `has the rule ${line.slice(3)}`),
  ];
  if (differences.length === 0) return [];
  const actions = [
    ...foreign.map((rule) =>
      run(`drop the rule ${rule.slice(3)}`, sh`iptables -D ${rule.slice(3).split(' ')}`),
    ),
    ...missing.map((allow) => run(`allow ${shownPort(allow)}`, sh`ufw ${ruleWords(allow)}`)),
    ...tooMany.map((key) => run(`close ${key}`, sh`ufw --force delete ${wordsOfKey(key)}`)),
    ...(isOn
      ? []
      : [run('close the rest', sh`ufw --force default deny incoming && ufw --force enable && ufw reload`)]),
  ];
  return [{ resource: 'firewall', shown: differences.join(', '), actions, tells: [] }];
}

/** `### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`; what is not of this form is named whole, and closed. */
function tupleOf(line: string): string[] {
  const match = /^### tuple ### (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line);
  if (match === null) return [];
  const [, verb, protocol, port, , , from] = match;
  const anywhere = from === '0.0.0.0/0' || from === '::/0';
  if (verb !== 'allow' || protocol !== 'tcp') return [line.slice('### tuple ### '.length)];
  return [anywhere ? `${port}/tcp` : `${port}/tcp from ${from}`];
}

function keyOf({ port, from }: AllowedPort): string {
  return from === null ? `${port}/tcp` : `${port}/tcp from ${from}`;
}

function shownPort({ port, from }: AllowedPort): string {
  return from === null ? `${port}/tcp` : `${port}/tcp from ${from}`;
}

function ruleWords({ port, from }: AllowedPort): readonly string[] {
  return ['allow', 'proto', 'tcp', 'from', from ?? 'any', 'to', 'any', 'port', String(port)];
}

function wordsOfKey(key: string): readonly string[] {
  const [ports, from] = key.split(' from ');
  return [
    'allow',
    'proto',
    'tcp',
    'from',
    from ?? 'any',
    'to',
    'any',
    'port',
    (ports ?? '').replace('/tcp', ''),
  ];
}

/** Each allowed port has its rule in the kernel too. */
function isInForce({ allows }: FirewallResource, lines: readonly string[]): boolean {
  const live = lines.filter((line) => line.startsWith('-A ufw-user-input') && line.endsWith('-j ACCEPT'));
  return allows.every(({ port, from }) =>
    live.some(
      (line) =>
        line.includes(`--dport ${port} `) && (from === null || line.includes(`-s ${hostNetwork(from)} `)),
    ),
  );
}

function hostNetwork(from: string): string {
  return from.includes('/') ? from : `${from}/32`;
}

/** What was open before is not opened again by itself: the guard of the step puts the whole old state back. */
function run(title: string, line: Shell): ChangeAction {
  return { title, action: { kind: 'exec', line, timeoutMs: CHANGE_MS } };
}
