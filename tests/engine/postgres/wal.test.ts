import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { readStatus } from '../../../src/engine/mysql/binlog/status.ts';
import { listWalEpochs } from '../../../src/engine/postgres/wal/epochs.ts';
import { receiveWal } from '../../../src/engine/postgres/wal/receiver.ts';
import { slotName } from '../../../src/engine/postgres/wal/server.ts';
import { readReceivedLsn } from '../../../src/engine/postgres/wal/status.ts';
import { POSTGRESQL } from '../../fixtures/databases.ts';
import { type PostgresSource, startSource } from './source.ts';

const skipped = POSTGRESQL.absent !== undefined;

test.skipIf(skipped)(
  'the server waits for the receiver, which goes on when pg_receivewal or the server is killed',
  { timeout: 120_000 },
  async () => {
    const { source, root, receive } = await receiving();
    const session = await source.connect();
    onTestFinished(session.close);
    await session.rows("alter system set synchronous_standby_names = 'ompay_receiver'");
    await session.rows('select pg_reload_conf()');
    const receiver = receive();
    await until(root, 'awaited', async () => (await readStatus(root))?.semiSync === 'awaited');
    await session.rows("create table notes as select 'acknowledged' as v");
    const { pid } = noteIn(root);
    process.kill(pid, 'SIGKILL');
    await until(root, 'another one', async () => existsNote(root) && noteIn(root).pid !== pid);
    await until(root, 'streaming', async () => (await readStatus(root))?.state === 'streaming');
    await session.rows('create table more (v text)');
    await session.close();
    await source.server.kill();
    await until(root, 'told', async () => (await readStatus(root))?.state === 'connecting');
    await source.server.restart();
    await until(root, 'streaming', async () => (await readStatus(root))?.state === 'streaming');
    expect(await receiver.stop()).toBe(undefined);
    expect(await readStatus(root)).toMatchObject({ state: 'stopped', epoch: 1 });
    expect(existsNote(root)).toBe(false);
    expect(await readReceivedLsn(root)).toMatchObject({ epoch: 1 });
  },
);

test.skipIf(skipped)(
  'another timeline is another epoch, and so is log that the server threw away; what was received stays',
  { timeout: 120_000 },
  async () => {
    const { source, root, receive } = await receiving();
    const receiver = receive();
    await until(root, 'streaming', async () => (await readStatus(root))?.state === 'streaming');
    await source.server.kill();
    writeFileSync(join(source.dataFolder, 'recovery.signal'), '');
    appendFileSync(join(source.dataFolder, 'postgresql.auto.conf'), "restore_command = 'false'\n");
    await source.server.restart();
    await until(root, 'the second', async () => (await readStatus(root))?.epoch === 2);
    await until(root, 'streaming', async () => (await readStatus(root))?.state === 'streaming');
    await receiver.stop();

    const session = await source.connect();
    onTestFinished(session.close);
    await session.rows('alter system set max_slot_wal_keep_size = 1');
    await session.rows('select pg_reload_conf()');
    for (let round = 0; round < 4; round += 1) {
      await session.rows("select pg_logical_emit_message(false, '', repeat('x', 1000))");
      await session.rows('select pg_switch_wal()');
    }
    await session.rows('checkpoint');
    const status = await session.values('select wal_status from pg_replication_slots where slot_name = $1', [
      slotName(root),
    ]);
    expect(status).toEqual(['lost']);
    const again = receive();
    await until(root, 'the third', async () => (await readStatus(root))?.epoch === 3);
    await until(root, 'streaming', async () => (await readStatus(root))?.state === 'streaming');
    await again.stop();
    expect(await listWalEpochs(root)).toMatchObject([
      { timeline: 1, reason: '' },
      { timeline: 2, reason: 'the server is on timeline 2, not 1' },
      { timeline: 2, reason: 'the server threw away log before it was received' },
    ]);
    expect(readdirSync(join(root, '000001')).some((name) => name.endsWith('.partial'))).toBe(true);
  },
);

test.skipIf(skipped)('what is wrong is told without the password', async () => {
  const { root, receive } = await receiving();
  const refused = receive(new Secret('not-this-one'));
  await until(root, 'told', async () => ((await readStatus(root))?.problem ?? '') !== '');
  expect((await readStatus(root))?.problem).toContain('password authentication failed');
  await refused.stop();
  expect(readFileSync(join(root, 'status.json'), 'utf8')).not.toContain('not-this-one');
});

async function receiving() {
  const source: PostgresSource = await startSource();
  onTestFinished(source.dispose);
  const root = join(source.folder, 'log');
  const receive = (password = source.settings.source.password) => {
    const end = new AbortController();
    const postgres = { ...source.settings, source: { ...source.settings.source, password } };
    const ended = receiveWal({ postgres, root, clock: systemClock }, end.signal);
    const stop = async (): Promise<void> => {
      end.abort();
      await ended;
    };
    onTestFinished(stop);
    return { stop };
  };
  return { source, root, receive };
}

async function until(root: string, what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 800; look += 1) {
    if (await isSo()) return;
    await systemClock.sleep(50);
  }
  throw new Error(`${what}: ${JSON.stringify(await readStatus(root))}`);
}

function existsNote(root: string): boolean {
  return existsSync(join(root, '.000001.pg_receivewal'));
}

function noteIn(root: string): { readonly pid: number } {
  return JSON.parse(readFileSync(join(root, '.000001.pg_receivewal'), 'utf8'));
}
