import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { bootMariadb } from '../../../src/engine/mariadb/boot.ts';
import { openSession } from '../../../src/engine/mysql/session.ts';
import { MARIADB } from '../../../tests/fixtures/servers/mariadb.ts';
import { seedLedger } from '../ledger.ts';
import { type Peer, type PeerFigures, type PeerPlace, timed } from '../peers.ts';
import { piped } from '../pipe.ts';

const MEMORY = ['--innodb-buffer-pool-size=512M', '--innodb-log-file-size=512M'];
const LIMITS = { connectMs: 5000, queryMs: 120_000 };

/** mariadb-backup cannot read MySQL 9.7, so it copies a MariaDB that was filled by the same statements. */
export const byMariadbBackup: Peer = async (_, place) => {
  if (MARIADB.absent !== undefined) return MARIADB.absent;
  const isThere = spawnSync('mariadb-backup', ['--version'], { stdio: 'ignore' }).status === 0;
  if (!isThere) return 'not installed: apt-get install mariadb-backup';
  const server = await MARIADB.start({
    args: [...MEMORY, '--innodb-flush-log-at-trx-commit=2', '--sync-binlog=0'],
  });
  try {
    const settings = await server.emptyDatabase();
    const socketPath = settings.socketPath ?? '';
    const dataFolder = join(dirname(socketPath), 'data');
    const root = { place: { socketPath }, username: 'root', password: new Secret('') };
    const session = await openSession(root, LIMITS, settings.database);
    const folder = join(dataFolder, settings.database);
    await seedLedger(settings, session, { folder, megabytes: place.megabytes });
    session.close();
    return await measured({ socketPath, dataFolder, database: settings.database }, place);
  } finally {
    await server.stop();
  }
};

interface Filled {
  readonly socketPath: string;
  readonly dataFolder: string;
  readonly database: string;
}

async function measured(
  { socketPath, dataFolder, database }: Filled,
  { work }: PeerPlace,
): Promise<PeerFigures> {
  const place = join(work, 'mariadb-backup');
  const [folder, archive] = [join(place, 'data'), join(place, 'data.xb.zst')];
  mkdirSync(folder, { recursive: true });
  const from = [`--socket=${socketPath}`, '--user=root', `--datadir=${dataFolder}`, `--tmpdir=${place}`];
  const backupMs = await timed(() =>
    piped(
      [
        ['mariadb-backup', '--no-defaults', '--backup', '--stream=xbstream', ...from],
        ['zstd', '-q'],
      ],
      {
        into: archive,
      },
    ),
  );
  let stop = (): Promise<void> => Promise.resolve();
  const restoreMs = await timed(async () => {
    await piped(
      [
        ['zstd', '-dcq'],
        ['mbstream', '-x', '-C', folder],
      ],
      { from: archive },
    );
    await piped([
      ['mariadb-backup', '--no-defaults', '--prepare', '--use-memory=512M', `--target-dir=${folder}`],
    ]);
    const serverCommand = ['/usr/sbin/mariadbd', `--user=${userInfo().username}`] as const;
    const copy = await bootMariadb({ serverCommand, clock: systemClock, database }, folder, {
      timeoutMs: 120_000,
    });
    stop = () => copy.stop('kill');
    await copy.rows('select chain_seq from ledger_head');
  });
  await stop();
  const storedBytes = statSync(archive).size;
  rmSync(place, { recursive: true });
  return { backupMs, storedBytes, restoreMs, proven: 'no' };
}
