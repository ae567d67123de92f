import { type Shell, sh } from '../../shell/line.ts';
import { type Change, defineKind } from '../kind.ts';
import type { FolderResource } from '../resource.ts';
import { octal, ownershipDifference, readStats, type Stat, setOwnership, statLines } from './ownership.ts';

const CHANGE_MS = 10_000;

export const folderKind = defineKind({
  kind: 'folder',
  look: (folders) => statLines(folders.map(({ path }) => path)),
  changes: (folders, printed) => {
    const stats = readStats(printed);
    return folders.flatMap((folder) => changeOf(folder, stats.get(folder.path)));
  },
});

function changeOf(folder: FolderResource, seen: Stat | undefined): readonly Change[] {
  const { path, owner, group, mode } = folder;
  if (seen === undefined) {
    const make = sh`install -d -o ${owner} -g ${group} -m ${octal(mode)} ${path}`;
    return [changing(folder, 'not there', `make ${path}`, make, sh`rmdir ${path} 2>/dev/null || true`)];
  }
  if (seen.type !== 'directory') {
    // What lies there is somebody's; to move it away is a person's decision.
    const refuse = sh`echo ${`${path} is a ${seen.type}, not a folder: move it away`} >&2; exit 1`;
    return [changing(folder, `a ${seen.type} lies there`, `make ${path}`, refuse, undefined)];
  }
  const difference = ownershipDifference(folder, seen);
  if (difference === '') return [];
  return [changing(folder, difference, `set ${path}`, setOwnership(path, folder), setOwnership(path, seen))];
}

function changing(
  { path }: FolderResource,
  shown: string,
  title: string,
  line: Shell,
  undo: Shell | undefined,
): Change {
  return {
    resource: `folder ${path}`,
    shown,
    tells: [],
    actions: [
      {
        title,
        action: { kind: 'exec', line, timeoutMs: CHANGE_MS },
        ...(undo === undefined ? {} : { undo: { kind: 'exec', line: undo, timeoutMs: CHANGE_MS } }),
      },
    ],
  };
}
