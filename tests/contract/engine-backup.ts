import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { createBackup } from '../../src/backup/create.ts';
import { keyPath } from '../../src/backup/keys.ts';
import { verifyBackup } from '../../src/backup/verify.ts';
import { LEDGER_PROOF } from '../../src/cli/kit/ledger-proof.ts';
import { startTimeOf } from '../../src/core/process.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { proveCopy } from '../../src/engine/proof.ts';
import { backupDeps, signingKeys } from '../fixtures/backup.ts';
import { damaged, flipByte, pathIn } from '../fixtures/damage.ts';
import { openLedger } from '../fixtures/ledgers.ts';
import { between } from '../fixtures/posts.ts';

/**
 * A backup of a real ledger while transfers are posted: proven when made, opened by the commands of its RESTORE.md as they
 * stand, proven once more; and a changed byte is found.
 */
export async function provesABackup(
  engine: Engine,
  settings: DatabaseSettings,
  folder: string,
): Promise<void> {
  const { ledger, pair } = openLedger(settings);
  const [payer, payee] = await pair();
  const deps = { ...(await backupDeps(folder, signingKeys())), engine, queries: LEDGER_PROOF };
  const load = { on: true };
  const posting = (async () => {
    while (load.on) await ledger.post(between(payer, payee));
  })();
  const { backup, checks } = await createBackup(deps).finally(() => {
    load.on = false;
  });
  await posting;
  expect({ method: backup.method, checks }).toEqual({ method: 'online', checks: LEDGER_PROOF.length });
  await opensByItsGuide(engine, folder);
  const payload = await pathIn(folder, 'disk', 'data.tar.zst.age');
  await damaged(
    payload,
    (bytes) => flipByte(payload, bytes),
    async () => {
      const looked = verifyBackup(deps, { id: backup.id, level: 1 });
      await expect(looked).rejects.toMatchObject({ code: 'backupDamaged' });
    },
  );
}

async function opensByItsGuide(engine: Engine, folder: string): Promise<void> {
  const guide = await pathIn(folder, 'disk', 'RESTORE.md');
  const into = join(folder, 'restored');
  const blocks = [...(await readFile(guide, 'utf8')).matchAll(/```sh\n(.*?)```/gs)];
  expect(blocks).toHaveLength(2);
  onTestFinished(() => endServerOf(into));
  for (const [, block = ''] of blocks) {
    const line = block.replaceAll('KEY', keyPath(join(folder, 'keys'), 'escrow')).replaceAll('FOLDER', into);
    const [program, ...args] = [...asOther(engine), 'bash', '-o', 'pipefail', '-ec', line];
    execFileSync(program ?? '', args, { cwd: dirname(guide), stdio: 'pipe', timeout: 120_000 });
  }
  const copy = await engine.boot(into, { timeoutMs: 60_000 });
  try {
    const { checks } = await proveCopy(copy, LEDGER_PROOF, null);
    expect(checks.map(({ verdict }) => verdict)).toEqual(LEDGER_PROOF.map(() => 'pass'));
  } finally {
    await copy.stop('kill');
  }
}

/** What the commands start, they stop: when one of them failed, it is still there. */
async function endServerOf(folder: string): Promise<void> {
  for (const name of ['postmaster.pid', 'restored.pid']) {
    const pid = Number.parseInt(await readFile(join(folder, name), 'utf8').catch(() => ''), 10);
    if (pid > 0 && startTimeOf(pid) !== undefined) process.kill(pid, 'SIGQUIT');
  }
}

/** The guide says so of PostgreSQL: not as root. */
function asOther({ name }: Engine): readonly string[] {
  const isRefused = name === 'postgres' && userInfo().uid === 0;
  return isRefused ? ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--'] : [];
}
