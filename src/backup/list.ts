import {
  type PublishedBackup,
  type RepositoryAccess,
  type RepositoryProblem,
  readPublished,
} from '../store/repository/published.ts';
import { copyIn, describe } from './backup.ts';
import { type Drill, readDrills } from './drill.ts';
import type { Backup, Copy } from './types.ts';

/** A digest is the least that counts as reading back. */
const READ_BACK_LEVEL = 1;

export interface BackupList {
  /** Newest first. */
  readonly backups: readonly Backup[];
  /** Manifests, catalogues and drills that were changed or cannot be read: those backups are not listed. */
  readonly problems: readonly RepositoryProblem[];
}

/** Every backup of the site that a catalogue names, with the state of each copy. */
export async function listBackups(access: RepositoryAccess): Promise<BackupList> {
  const published = await readPublished(access);
  const problems = [...published.problems];
  const drills = await drillsByPlace(published.backups, access, problems);
  const placesById = Map.groupBy(published.backups, ({ manifest }) => manifest.id);
  const backups = [...placesById.values()].flatMap((places) => {
    const copies = places.map((place) => copyOf(place, drills.get(nameOf(place)) ?? []));
    return places.slice(0, 1).map(({ manifest }) => describe(manifest, copies));
  });
  return { backups: backups.reverse(), problems };
}

async function drillsByPlace(
  places: readonly PublishedBackup[],
  { verificationKey }: RepositoryAccess,
  problems: RepositoryProblem[],
): Promise<ReadonlyMap<string, readonly Drill[]>> {
  const drills = new Map<string, readonly Drill[]>();
  for (const place of places) {
    const name = nameOf(place);
    if (drills.has(name)) continue;
    drills.set(name, []);
    try {
      drills.set(name, await readDrills(place.store, place.repository, verificationKey));
    } catch (error) {
      problems.push({ store: place.store.name, backup: null, error });
    }
  }
  return drills;
}

function nameOf({ store, repository }: PublishedBackup): string {
  return `${store.name} ${repository}`;
}

function copyOf({ store, manifest }: PublishedBackup, drills: readonly Drill[]): Copy {
  const own = drills.filter(({ backup }) => backup === manifest.id);
  const passed = own.findLast((drill) => drill.passed && drill.level >= READ_BACK_LEVEL);
  const verifiedAt = passed?.at ?? manifest.finishedAt;
  const failed = own.findLast((drill) => !drill.passed && drill.at >= verifiedAt);
  const copy = copyIn(store, verifiedAt);
  return failed === undefined ? copy : { ...copy, failedAt: failed.at };
}
