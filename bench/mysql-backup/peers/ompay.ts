import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Peer, timed } from '../peers.ts';
import { numberIn } from '../site.ts';
import { assertLedger, headOf, startOn } from './serving.ts';

/** Whole processes, and the start of a server on what comes out. */
export const byOmpay: Peer = async ({ site, session, created }) => {
  const folder = join(site.root, 'alone');
  const { wallMs, told } = await site.run('restore', '--into', folder);
  let server: Awaited<ReturnType<typeof startOn>> | undefined;
  const startMs = await timed(async () => {
    server = await startOn(folder);
  });
  if (server !== undefined) await assertLedger(server, await headOf(session));
  rmSync(folder, { recursive: true });
  return {
    backupMs: created.wallMs,
    storedBytes: numberIn(created, 'sizeBytes'),
    restoreMs: wallMs + startMs,
    proven: `read back, started, ledger proven; the restored one again: ${String(told.checks)} checks`,
  };
};
