import { call } from '../../plan/plan.ts';
import { defineKind } from '../kind.ts';
import { idOf } from '../resource.ts';
import { readStats, statLines } from './ownership.ts';

const CHANGE_MS = 10_000;

export const absentKind = defineKind({
  kind: 'absent',
  look: (files) => statLines(files.map(({ path }) => path)),
  changes: (files, printed) => {
    const stats = readStats(printed);
    return files
      .filter(({ path }) => stats.has(path))
      .map((file) => ({
        resource: idOf(file),
        shown: 'is there',
        tells: file.tells ?? [],
        actions: [
          {
            title: `remove ${file.path}`,
            action: call('provision.remove', { path: file.path }, CHANGE_MS),
            undo: call('provision.restore', { path: file.path }, CHANGE_MS),
          },
        ],
      }));
  },
});
