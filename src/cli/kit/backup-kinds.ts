import { type BackupList, listBackups } from '../../backup/list.ts';
import type { BackupDeps } from '../../backup/types.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { captureDump } from '../../engine/dump/capture.ts';
import { proveDump } from '../../engine/dump/prove.ts';
import { captureFiles } from '../../engine/files/capture.ts';
import { proveFiles } from '../../engine/files/prove.ts';
import type { BackupKind } from '../../store/repository/manifest.ts';
import type { Invocation } from '../command.ts';
import type { SiteBackups } from './backup-site.ts';
import { filesSource } from './files-source.ts';

export const BACKUP_KINDS: readonly BackupKind[] = ['full', 'logical', 'files'];

/** The kind that is typed. Throws `usage`. */
export function kindNamed(text: string | undefined): BackupKind {
  const kind = BACKUP_KINDS.find((each) => each === (text ?? 'full'));
  if (kind !== undefined) return kind;
  throw new OmpayError('usage', `there is no kind of backup ${JSON.stringify(text)}`, {
    hint: `ompay backup create --kind ${BACKUP_KINDS.join('|')}`,
  });
}

/** The same site's backups of one kind: in a repository of their own, so that none is taken for another. */
export function ofKind<Deps extends SiteBackups>(deps: Deps, kind: BackupKind, invocation: Invocation): Deps {
  if (kind === 'full') return deps;
  const site = `${deps.site}.${kind}`;
  if (kind === 'files') {
    const capture = captureFiles(() => filesSource(invocation, deps));
    const content = { kind, source: 'installation', prove: proveFiles } as const;
    return { ...deps, site, queries: [], engine: { ...deps.engine, capture, boot: notStarted }, content };
  }
  const { dump } = deps;
  const capture: BackupDeps['engine']['capture'] = async (request, archive) => {
    if (dump === null) throw notDumped(deps.site);
    return captureDump(await dump())(request, archive);
  };
  const content = { kind, source: deps.engine.name, prove: proveDump } as const;
  return { ...deps, site, engine: { ...deps.engine, capture, boot: notStarted }, content };
}

/** Every backup of the site, whatever its kind. Newest first. */
export async function listAllKinds(deps: SiteBackups, invocation: Invocation): Promise<BackupList> {
  const lists: BackupList[] = [];
  for (const kind of BACKUP_KINDS) lists.push(await listBackups(ofKind(deps, kind, invocation)));
  return {
    backups: lists.flatMap(({ backups }) => backups).toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1)),
    problems: distinct(lists.flatMap(({ problems }) => problems)),
  };
}

/** A store that is away says so of each kind: once is enough. */
export function distinct<T extends { readonly store: string; readonly error: unknown }>(
  told: readonly T[],
): readonly T[] {
  const isAgain = (a: T, b: T): boolean => a.store === b.store && messageOf(a.error) === messageOf(b.error);
  return told.filter((each, index) => !told.slice(0, index).some((before) => isAgain(before, each)));
}

/** Throws `usage` when that is a dump or files: they become no data folder. */
export async function refuseOtherKinds(invocation: Invocation, deps: SiteBackups, id: string): Promise<void> {
  const { backups } = await listAllKinds(deps, invocation);
  const found = backups.find((backup) => backup.id === id.toUpperCase());
  if (found === undefined || found.kind === 'full') return;
  const [store = ''] = found.copies.map((copy) => copy.store);
  throw new OmpayError('usage', `${found.id} is a ${found.kind} backup: it becomes no data folder`, {
    hint: `RESTORE.md beside its copy in ${store} (${deps.site}.${found.kind}/) has the commands`,
  });
}

async function notStarted(): Promise<never> {
  throw new OmpayError('usage', 'this backup is no data folder: it is not started', {
    hint: 'RESTORE.md beside it has the commands: ompay backup list',
  });
}

function notDumped(site: string): OmpayError {
  return new OmpayError('usage', `${site} has the embedded database, which no stock program dumps`, {
    hint: 'a full backup holds all of it: ompay backup create',
  });
}
