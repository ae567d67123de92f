import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freshData, mysqlClient } from '../../../tests/fixtures/servers/mysql.ts';
import { type Peer, timed } from '../peers.ts';
import { piped } from '../pipe.ts';
import { assertLedger, headOf, startOn } from './serving.ts';

/** On the socket, and into a server that is durable but writes no binary log. */
export const byMysqldump: Peer = async ({ source, session }, { work }) => {
  const place = join(work, 'mysqldump');
  const [folder, dump] = [join(place, 'data'), join(place, 'dump.sql.zst')];
  mkdirSync(place);
  const socket = `--socket=${join(source.dataFolder, '../server.sock')}`;
  const what = ['--single-transaction', '--routines', '--set-gtid-purged=OFF', '--databases', 'ompay'];
  const backupMs = await timed(() =>
    piped(
      [
        [...mysqlClient('mysqldump'), '-uroot', socket, ...what],
        ['zstd', '-q'],
      ],
      { into: dump },
    ),
  );
  cpSync(await freshData(), folder, { recursive: true });
  const head = await headOf(session);
  let server: Awaited<ReturnType<typeof startOn>> | undefined;
  const restoreMs = await timed(async () => {
    server = await startOn(folder);
    const client = [...mysqlClient('mysql'), '-uroot', `--socket=${server.socketPath}`] as const;
    await piped([['zstd', '-dcq'], client], { from: dump });
  });
  if (server !== undefined) await assertLedger(server, head);
  const storedBytes = statSync(dump).size;
  rmSync(place, { recursive: true });
  return { backupMs, storedBytes, restoreMs, proven: 'no' };
};
