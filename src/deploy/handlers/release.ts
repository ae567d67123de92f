import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import type { Layout } from '../../core/layout.ts';
import { contentHash } from '../../core/release-manifest.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import { shownSize } from '../../core/units.ts';
import type { Host } from '../../host/host.ts';
import type { HandlerContext, Handlers } from '../../plan/act.ts';
import { sh } from '../../shell/line.ts';
import { type BundledFile, bundle } from '../bundle.ts';
import { damagedFiles, listReleases, releasesToPrune, removeRelease, storeRelease } from '../releases.ts';
import type { LocalFacts, Release } from '../types.ts';

export const API_BUNDLE = 'api.mjs';
/** What the release promises, as a program of its own: a later one is rehearsed beside this one by these promises. */
export const CONTRACT_BUNDLE = 'contract.mjs';
/** What the API says, after loading every module, when it is given no environment at all. */
const REFUSAL = 'the environment is not usable';

export interface ReleaseKit {
  readonly layout: Layout;
  readonly programRoot: string;
  readonly version: string;
  /** The newest migration in this source. */
  readonly newestMigration: string;
  /** Of what the operator set (`.env`): another setting is another release, so that a rollback takes it back too. */
  readonly environmentDigest: () => string;
  readonly facts: () => Promise<LocalFacts>;
  readonly nodePath: () => string;
}

/** The environment that a release runs with, fixed when it was built; it holds the key, so 0600. */
export function releaseEnvironment(layout: Layout, id: string): string {
  return join(layout.releases, id, 'api.env');
}

export interface Built {
  readonly release: Release;
  readonly files: readonly BundledFile[];
}

/** Bundles the API in memory and names it by its content; nothing is written. */
export async function buildCandidate(
  kit: Omit<ReleaseKit, 'facts' | 'nodePath'>,
  host: Host,
  nowMs: number,
): Promise<Built> {
  const [api, contract, commit] = await Promise.all([
    bundle({ root: kit.programRoot, entry: 'src/api/main.ts', output: API_BUNDLE }),
    bundle({ root: kit.programRoot, entry: 'src/contract/contract-main.ts', output: CONTRACT_BUNDLE }),
    commitOf(kit.programRoot, host),
  ]);
  const files = [api, contract];
  const digest = contentHash(files, `node ${process.versions.node}\nenvironment ${kit.environmentDigest()}`);
  const release: Release = {
    id: digest.slice(0, 12),
    version: kit.version,
    sha256: digest,
    builtAt: isoTime(nowMs),
    commit,
    node: process.versions.node,
    newestMigration: kit.newestMigration,
    files: files.map(({ path, sha256, content }) => ({ path, sha256, sizeBytes: content.length })),
  };
  return { release, files };
}

/** The commit of a checkout, with `+changes` when the work tree differs; null outside git. */
export async function commitOf(root: string, host: Host): Promise<string | null> {
  const line = sh`cd ${root} && git rev-parse --short=12 HEAD && git status --porcelain --untracked-files=no`;
  const result = await host.exec(line, { timeoutMs: 5000 });
  if (result.exitCode !== 0) return null;
  const [commit = '', ...changes] = result.stdout.split('\n');
  return changes.some((change) => change !== '') ? `${commit}+changes` : commit;
}

export function releaseHandlers(kit: ReleaseKit, candidate: () => Promise<Built>): Handlers {
  return {
    'release.build': async () => {
      const { release, files } = await candidate();
      const kept = listReleases(kit.layout.releases).find((each) => each.id === release.id);
      const reuse = kept !== undefined && damagedFiles(kit.layout.releases, kept).length === 0;
      if (!reuse) storeRelease(kit.layout.releases, release, files);
      writeFileAtomic(
        releaseEnvironment(kit.layout, release.id),
        readFileSync(kit.layout.environment),
        0o600,
      );
      const size = shownSize(release.files.reduce((sum, file) => sum + file.sizeBytes, 0));
      return {
        release: release.id,
        reused: reuse,
        shown: `${release.id}, ${size}${reuse ? ', kept from before' : ''}`,
      };
    },
    'release.prove': async (_input, context) => {
      const { release } = await candidate();
      return proveStarts(kit, release, context);
    },
    'release.prune': async ({ keep }) => {
      const facts = await kit.facts();
      // What is in the slots is not known: better keep too much.
      if (!facts.supervisorRuns) return { removed: [], shown: 'the supervisor is away: nothing removed' };
      const inSlots = [facts.slots.blue.release, facts.slots.green.release].filter((id) => id !== null);
      const going = releasesToPrune(listReleases(kit.layout.releases), inSlots, Number(keep));
      for (const release of going) removeRelease(kit.layout.releases, release.id);
      const ids = going.map((release) => release.id);
      return { removed: ids, shown: ids.length === 0 ? 'nothing to remove' : `removed ${ids.join(', ')}` };
    },
  };
}

/** Runs the bundle alone in an empty folder: what it needs from node_modules would be missing there. */
export async function proveStarts(
  kit: Pick<ReleaseKit, 'layout' | 'nodePath'>,
  release: Release,
  { host, signal }: Pick<HandlerContext, 'host' | 'signal'>,
): Promise<Record<string, string>> {
  const folder = temporaryFolder('prove');
  try {
    copyFileSync(join(kit.layout.releases, release.id, API_BUNDLE), join(folder, API_BUNDLE));
    const line = sh`cd ${folder} && exec env -i PATH=/usr/bin:/bin ${kit.nodePath()} ${API_BUNDLE}`;
    const result = await host.exec(line, { timeoutMs: 20_000, signal }).catch((error: unknown) => {
      if (error instanceof OmpayError && error.code === 'timeout')
        throw notStarting('it was still loading after 20 s');
      throw error;
    });
    if (result.exitCode === 2 && result.stderr.includes(REFUSAL))
      return { shown: 'it loads whole, and refuses an empty environment' };
    throw notStarting(result.stderr.trim().split('\n').slice(-3).join(' '));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function notStarting(why: string): OmpayError {
  return new OmpayError('rolledBack', `the release does not start alone: ${why}`, {
    hint: 'what is live was not touched; see what its first lines do, or which package its bundle lacks (src/deploy/bundle.ts)',
  });
}
