import type { HostFacts } from '../../core/carrier/facts.ts';
import { messageOf } from '../../core/errors.ts';
import { idleSlot, liveRelease } from '../../deploy/fleet/facts.ts';
import type { HostName } from '../../host/host.ts';
import type { Invocation } from '../command.ts';
import { paint, table } from '../render.ts';
import { environmentName } from './environment.ts';
import { lookAtEach } from './fleet.ts';

/** What one host said; null where nothing was deployed yet, a message where it said nothing. */
type Seen = HostFacts | null | { readonly problem: string };

/** Exit 0 when all hosts serve one release and answer, 6 when not, 7 when one cannot be reached, 2 before the first deploy. */
export async function statusOfFleet(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const answers = await lookAtEach(invocation);
  const seen = new Map<HostName, Seen>(
    [...answers].map(([name, answer]) => [
      name,
      answer.status === 'fulfilled' ? answer.value : { problem: messageOf(answer.reason) },
    ]),
  );
  const problems = problemsOf(seen);
  const environment = environmentName(invocation);
  if (output.json) {
    const hosts = Object.fromEntries([...seen].map(([name, host]) => [name, shownHost(host)]));
    output.write(`${JSON.stringify({ environment, hosts, problems })}\n`);
  } else {
    output.write(`${headline(environment, seen, problems)}\n\n${hostsTable(seen)}\n`);
    for (const problem of problems) output.write(`${paint.bad('!')} ${problem}\n`);
  }
  return exitCodeOf(seen, problems);
}

function exitCodeOf(seen: ReadonlyMap<HostName, Seen>, problems: readonly string[]): number {
  const all = [...seen.values()];
  if (all.some((host) => host !== null && 'problem' in host)) return 7;
  if (all.every((host) => !isFacts(host) || host.live === null)) return 2;
  return problems.length === 0 ? 0 : 6;
}

function problemsOf(seen: ReadonlyMap<HostName, Seen>): readonly string[] {
  const live = new Set(
    [...seen.values()].flatMap((host) => (isFacts(host) ? (liveRelease(host) ?? []) : [])),
  );
  return [
    ...[...seen].flatMap(([name, host]) => hostProblems(name, host)),
    ...(live.size > 1
      ? [`hosts serve different releases (${[...live].join(', ')}): the next deploy or rollback mends that`]
      : []),
  ];
}

function hostProblems(name: HostName, host: Seen): readonly string[] {
  if (host === null) return [`${name}: nothing was deployed to it yet`];
  if (!isFacts(host)) return [`${name}: ${host.problem}`];
  if (host.live === null) return [`${name}: no release is live`];
  return [
    ...(host.slots[host.live].isHealthy ? [] : [`${name}: ${host.live} does not answer /health with 200`]),
    ...(host.slots[host.live].hasCurrentSettings
      ? []
      : [`${name}: its settings changed since ${host.live} was started: deploy again`]),
    ...(host.pending === null || host.lockedBy !== null
      ? []
      : [`${name}: a switch was left in the middle: the next deploy mends that`]),
  ];
}

function isFacts(host: Seen): host is HostFacts {
  return host !== null && 'slots' in host;
}

function shownHost(host: Seen): object | null {
  if (host === null || !isFacts(host)) return host;
  const { live, slots, accepted, lockedBy, pending, freeBytes } = host;
  return { live, release: liveRelease(host), slots, accepted, lockedBy, pending, freeBytes };
}

function headline(
  environment: string,
  seen: ReadonlyMap<HostName, Seen>,
  problems: readonly string[],
): string {
  const [first] = [...seen.values()].flatMap((host) => (isFacts(host) ? (liveRelease(host) ?? []) : []));
  if (first === undefined) return paint.bad(`no release is live on ${environment}`);
  const state =
    problems.length === 0
      ? paint.good('live and answering on all hosts')
      : paint.bad('not well on all hosts');
  return `${environment}: release ${paint.strong(first)} is ${state}`;
}

function hostsTable(seen: ReadonlyMap<HostName, Seen>): string {
  const column = (title: string, of: (host: HostFacts) => string) => ({
    title,
    values: [...seen.values()].map((host) => (isFacts(host) ? of(host) : '-')),
  });
  return table([
    { title: 'HOST', values: [...seen.keys()] },
    column('LIVE', ({ live }) => live ?? 'none'),
    column('RELEASE', (host) => liveRelease(host) ?? '-'),
    column('ANSWERS', ({ live, slots }) => (live !== null && slots[live].isHealthy ? 'yes' : 'no')),
    column('WARM', (host) => warmIn(host)),
    column('RESTARTS', ({ live, slots }) => (live === null ? '-' : String(slots[live].restarts))),
    column('LOCK', ({ lockedBy }) => lockedBy ?? '-'),
  ]);
}

function warmIn(host: HostFacts): string {
  const { release, isHealthy } = host.slots[idleSlot(host)];
  return isHealthy && release !== null ? release : '-';
}
