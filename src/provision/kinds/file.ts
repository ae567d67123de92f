import { createHash } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import { call } from '../../plan/plan.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { type Change, defineKind } from '../kind.ts';
import { type FileResource, idOf } from '../resource.ts';
import { octal, ownershipDifference, readStats, type Stat, setOwnership, statLines } from './ownership.ts';

const CHANGE_MS = 60_000;
const OWN_MS = 10_000;

export const fileKind = defineKind({
  kind: 'file',
  look: (files) => {
    const paths = files.map(({ path }) => path);
    return sh`${statLines(paths)}\nsha256sum -- ${paths} 2>/dev/null`;
  },
  changes: (files, printed) => {
    const stats = readStats(printed);
    const hashes = readHashes(printed);
    return files.flatMap((file) => changesOf(file, stats.get(file.path), hashes.get(file.path)));
  },
});

/** `sha256sum` writes a backslash before the hash when it had to escape the name: then the file counts as changed. */
function readHashes(printed: string): ReadonlyMap<string, string> {
  return new Map(
    printed.split('\n').flatMap((line): [string, string][] => {
      const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
      return match?.[1] === undefined || match[2] === undefined ? [] : [[match[2], match[1]]];
    }),
  );
}

function changesOf(file: FileResource, seen: Stat | undefined, hash: string | undefined): readonly Change[] {
  const isRegular = seen !== undefined && /^regular( empty)? file$/.test(seen.type);
  if (!isRegular || hash !== sha256(contentOf(file))) return [contentChange(file, seen)];
  const difference = ownershipDifference(file, seen);
  return difference === '' ? [] : [ownershipChange(file, seen, difference)];
}

/** The content is no part of the plan, as it may be a secret: the handler has it by its path. */
function contentChange(file: FileResource, seen: Stat | undefined): Change {
  const { path, mode, owner, group } = file;
  const isFile = seen === undefined || seen.type.startsWith('regular');
  return {
    resource: idOf(file),
    shown: seen === undefined ? 'not there' : isFile ? 'another content' : `a ${seen.type} lies there`,
    writes: path,
    tells: file.tells ?? [],
    actions: [
      {
        title: `write ${path}`,
        action: call('provision.write', { path, mode: octal(mode), owner, group }, CHANGE_MS),
        undo: call('provision.restore', { path }, CHANGE_MS),
      },
    ],
  };
}

function ownershipChange(file: FileResource, seen: Stat, difference: string): Change {
  const line = (shell: Shell) => ({ kind: 'exec', line: shell, timeoutMs: OWN_MS }) as const;
  return {
    resource: idOf(file),
    shown: difference,
    tells: file.tells ?? [],
    actions: [
      {
        title: `set ${file.path}`,
        action: line(setOwnership(file.path, file)),
        undo: line(setOwnership(file.path, seen)),
      },
    ],
  };
}

/** To be sent, hashed or compared, never shown. */
export function contentOf({ content }: FileResource): string {
  return content instanceof Secret ? content.reveal() : content;
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
