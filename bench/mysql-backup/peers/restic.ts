import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from '../ledger.ts';
import { type Peer, timed } from '../peers.ts';
import { type Program, piped } from '../pipe.ts';
import { assertLedger, headOf, startOn } from './serving.ts';

const ABSENT = 'not installed: apt-get install restic';

/** restic copies files: the server's own clone, made on its host, is what lies still. */
export const byRestic: Peer = async ({ session }, { work }) => {
  if (spawnSync('restic', ['version'], { stdio: 'ignore' }).status !== 0) return ABSENT;
  const place = join(work, 'restic');
  const [clone, restored, repository] = ['clone', 'restored', 'repository'].map((name) => join(place, name));
  if (clone === undefined || restored === undefined || repository === undefined)
    throw new TypeError('three names');
  mkdirSync(place);
  const environment = { RESTIC_PASSWORD: 'of-the-bench', RESTIC_CACHE_DIR: join(place, 'cache') };
  const restic = (...words: readonly string[]): Promise<void> => {
    const program: Program = ['restic', '--quiet', '--repo', repository, ...words];
    return piped([program], { environment });
  };
  await restic('init');
  const backupMs = await timed(async () => {
    await session.run(`clone local data directory = '${clone}'`);
    await restic('backup', clone);
  });
  rmSync(clone, { recursive: true });
  const head = await headOf(session);
  let server: Awaited<ReturnType<typeof startOn>> | undefined;
  const restoreMs = await timed(async () => {
    await restic('restore', 'latest', '--target', restored);
    // It keeps the whole path.
    server = await startOn(join(restored, clone));
  });
  if (server !== undefined) await assertLedger(server, head);
  const storedBytes = bytesOf(repository);
  rmSync(place, { recursive: true });
  return { backupMs, storedBytes, restoreMs, proven: 'no' };
};
