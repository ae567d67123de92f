import { targetOf } from './layers.ts';
import type { SourceFile } from './source.ts';
import type { Violation } from './violation.ts';

/** Packages that take from a fiftieth to a fifth of a second to read, whatever is then done with them. */
export const HEAVY: readonly string[] = [
  '@aws-sdk/client-s3',
  'age-encryption',
  'esbuild',
  'execa',
  'kysely',
  'libpg-query',
  'mysql2',
  // src/core/node-http.ts has its functions without undici.
  'node:http',
  'node:https',
  'nodemailer',
  'pg',
  'ssh2',
];

/** The files must not bring a heavy package along when they are read: who needs one reads it by `import()`. */
export function startsAreLight(files: readonly SourceFile[], starts: readonly string[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return starts.flatMap((start) => {
    const waiting = [start];
    const seen = new Set(waiting);
    const found: Violation[] = [];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      for (const { specifier, line, isEager } of byPath.get(path)?.imports ?? []) {
        if (!isEager) continue;
        const target = targetOf(path, specifier);
        const heavy = HEAVY.find((name) => specifier === name || specifier.startsWith(`${name}/`));
        if (heavy !== undefined) found.push({ path, line, what: `makes ${start} read ${heavy}` });
        if (target === undefined || seen.has(target)) continue;
        seen.add(target);
        waiting.push(target);
      }
    }
    return found;
  });
}
