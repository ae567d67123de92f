import { OmpayError } from '../../core/errors.ts';
import { type FleetFacts, hasRelease, liveRelease } from './facts.ts';

/**
 * The release to go back to: the one that is named; where hosts serve several, the oldest of them, since that is what a
 * rollback that was killed was going to, and what a deploy that was killed came from; else the one that was live and well
 * before. It must be on all hosts. Throws `notFound`. Pure.
 */
export function rollbackTarget(facts: FleetFacts, wanted: string | undefined): string {
  const hosts = Object.values(facts);
  const [first] = hosts;
  const serving = [...new Set(hosts.flatMap((host) => liveRelease(host) ?? []))];
  if (first === undefined || serving.length === 0) {
    throw new OmpayError(
      'notFound',
      'no release is live on any host, so there is nothing to roll back from',
      {
        hint: 'ompay deploy -e ENVIRONMENT',
      },
    );
  }
  const common = first.releases.filter(({ id }) => hosts.every((host) => hasRelease(host, id)));
  if (wanted !== undefined)
    return namedAmong(
      common.map(({ id }) => id),
      wanted,
    );
  if (serving.length > 1) {
    const oldest = common.findLast(({ id }) => serving.includes(id));
    if (oldest !== undefined) return oldest.id;
  }
  const before = first.accepted.find(
    (id) => !serving.includes(id) && hosts.every((host) => hasRelease(host, id)),
  );
  if (before !== undefined) return before;
  throw new OmpayError('notFound', 'no release that was live before is on all hosts', {
    hint: 'choose one that all have: ompay releases -e ENVIRONMENT, then ompay rollback -e ENVIRONMENT RELEASE',
  });
}

function namedAmong(ids: readonly string[], wanted: string): string {
  const matches = ids.filter((id) => id.startsWith(wanted));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const what = match === undefined ? 'no release is named' : 'more than one release begins with';
  throw new OmpayError(
    'notFound',
    `${what} ${JSON.stringify(wanted)}; on all hosts: ${ids.join(', ') || 'none'}`,
    { hint: 'list them: ompay releases -e ENVIRONMENT' },
  );
}
