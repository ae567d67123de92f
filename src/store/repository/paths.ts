import { isoTime } from '../../core/clock.ts';

/** Where a server's backups are in every store: `<site>/<engine>-<server uuid>`. */
export interface RepositoryName {
  readonly site: string;
  readonly engine: string;
  readonly serverUuid: string;
}

export const PAYLOAD_FILE = 'data.tar.zst.age';

export function repositoryPrefix(name: RepositoryName): string {
  return `${name.site}/${name.engine}-${name.serverUuid}/`;
}

export function repositoryFileKey(prefix: string): string {
  return `${prefix}repo.json`;
}

/** The folder of one full backup; its name sorts by time and ends in the backup's id. */
export function basePrefix(repository: string, backup: { id: string; startedAtMs: number }): string {
  return `${repository}base/${compactTime(backup.startedAtMs)}-${backup.id}/`;
}

export function payloadKey(base: string): string {
  return `${base}${PAYLOAD_FILE}`;
}

export function manifestKey(base: string): string {
  return `${base}manifest.json`;
}

export function proofKey(base: string): string {
  return `${base}proof.json`;
}

export function guideKey(base: string): string {
  return `${base}RESTORE.md`;
}

export function catalogPrefix(repository: string): string {
  return `${repository}catalog/`;
}

/** Eight digits: the order of keys is the order of numbers. */
export function catalogKey(repository: string, seq: number): string {
  return `${catalogPrefix(repository)}${String(seq).padStart(8, '0')}.json`;
}

export function drillsPrefix(repository: string): string {
  return `${repository}drills/`;
}

export function drillKey(repository: string, drill: { id: string; atMs: number }): string {
  return `${drillsPrefix(repository)}${compactTime(drill.atMs)}-${drill.id}.json`;
}

/** `20261122T170508Z` */
function compactTime(epochMs: number): string {
  return `${isoTime(epochMs).slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
