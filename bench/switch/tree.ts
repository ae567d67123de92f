import { appendFileSync, cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A copy of the program whose API differs by one line: another release, built from real source. */
export function changedTree(programRoot: string, target: string, marker: string): string {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of ['bin', 'checklists', 'src', 'templates', 'package.json', 'tsconfig.json'])
    cpSync(join(programRoot, name), join(target, name), { recursive: true });
  symlinkSync(join(programRoot, 'node_modules'), join(target, 'node_modules'));
  appendFileSync(
    join(target, 'src/api/main.ts'),
    `\nprocess.title = ${JSON.stringify(`ompay ${marker}`)};\n`,
  );
  return target;
}
