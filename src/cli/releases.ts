import type { Command } from 'commander';
import { LOCAL } from '../config/yml/project.ts';
import { shownAge } from '../core/units.ts';
import type { LocalFacts, Release } from '../deploy/types.ts';
import type { Invocation } from './command.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { showFleetReleases } from './kit/fleet-releases.ts';
import { localKit } from './kit/local.ts';
import { table } from './render.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

export async function run(invocation: Invocation): Promise<number> {
  if (environmentName(invocation) !== LOCAL) return showFleetReleases(invocation);
  const { clock, output } = invocation;
  const facts = await localKit(invocation).deployKit.facts();
  if (output.json) {
    for (const release of facts.releases)
      output.write(`${JSON.stringify({ ...release, place: placeOf(release, facts) })}\n`);
    return 0;
  }
  if (facts.releases.length === 0) {
    output.write('no release was built here yet; start with: ompay deploy\n');
    return 0;
  }
  output.write(
    table([
      { title: 'RELEASE', values: facts.releases.map((release) => release.id) },
      { title: 'PLACE', values: facts.releases.map((release) => placeOf(release, facts)) },
      { title: 'VERSION', values: facts.releases.map((release) => release.version) },
      { title: 'COMMIT', values: facts.releases.map((release) => release.commit ?? '-') },
      { title: 'SCHEMA', values: facts.releases.map((release) => release.newestMigration) },
      {
        title: 'BUILT',
        values: facts.releases.map((release) => shownAge(clock.now() - Date.parse(release.builtAt))),
      },
    ]),
  );
  return 0;
}

/** `live (blue)`, `warm (green)`, `stopped (green)`, or empty when it is only on disk. */
export function placeOf(release: Release, facts: LocalFacts): string {
  for (const slot of ['blue', 'green'] as const) {
    if (facts.slots[slot].release !== release.id) continue;
    const runs = facts.slots[slot].pid !== null;
    return `${facts.live === slot ? (runs ? 'live' : 'live, not running') : runs ? 'warm' : 'stopped'} (${slot})`;
  }
  return '';
}
