import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

const LIST = 'src/api/migrations/index.ts';

/** Puts a migration into the stage's source that no database has yet: the next deploy must apply it. */
export function addMigration({ tree }: Stage, number: number): void {
  const id = String(9000 + number);
  const source = `import type { Migration } from './kit.ts';

export const migration${id}: Migration = {
  id: '${id}',
  name: 'interrupted',
  expand: (kit) =>
    kit.createTable({ name: 'interrupted_${id}', columns: { id: 'integer not null' }, primaryKey: ['id'] }),
};
`;
  writeFileSync(join(tree, `src/api/migrations/${id}-interrupted.ts`), source);
  const list = readFileSync(join(tree, LIST), 'utf8');
  const longer = list.replace(/,?\s*\];\s*$/, `, migration${id}];\n`);
  writeFileSync(join(tree, LIST), `import { migration${id} } from './${id}-interrupted.ts';\n${longer}`);
}
