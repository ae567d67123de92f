import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { mariadbEngine } from '../../../src/engine/mariadb.ts';
import { copyInto, engineContract } from '../../contract/engine.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { ENGINE_ABSENT, type MariadbSource, startSource } from './source.ts';

const absent = ENGINE_ABSENT;
if (absent !== undefined) process.stderr.write(`skipped: the MariaDB engine: ${absent}\n`);
else {
  engineContract('mariadb', async () => {
    const source = await startSource();
    let session = await source.connect();
    await session.run('create table transfers (id bigint primary key auto_increment, v text)');
    const post = async (): Promise<void> =>
      session.run("insert into transfers (v) values ('a'), ('b'), ('c')");
    await post();
    return {
      engine: mariadbEngine(source.settings),
      damagedTimeoutMs: 3000,
      folder: join(source.folder, 'copies'),
      query: async (sql) => (await session.rows(sql)) ?? [],
      post,
      stop: async () => {
        session.close();
        await source.server.kill();
      },
      start: async () => {
        await source.server.restart();
        session = await source.connect();
      },
      dispose: source.dispose,
    };
  });
}

describe.skipIf(absent !== undefined)('what keeps MariaDB from being copied is told', () => {
  let source: MariadbSource;
  beforeAll(async () => {
    source = await startSource();
  });
  afterAll(() => source.dispose());
  const nothingIsLeft = (): void => {
    expect(readdirSync(join(source.folder, 'work/clones'))).toEqual([]);
  };

  test('a wrong password, in one sentence without the password', async () => {
    const access = { ...source.settings.source, password: new Secret('not-this-one') };
    const engine = mariadbEngine({ ...source.settings, source: access });
    const refused: unknown = await copyInto(engine, join(source.folder, 'wrong')).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'databaseUnavailable' });
    expect(String(refused)).toContain("Access denied for user 'ompay_backup'");
    expect(JSON.stringify(refused) + String(refused)).not.toContain('not-this-one');
  });

  test('an account without the rights that mariadb-backup needs', async () => {
    const session = await source.connect();
    await session.run("revoke reload on *.* from ompay_backup@'127.0.0.1'");
    const refused: unknown = await copyInto(
      mariadbEngine(source.settings),
      join(source.folder, 'rights'),
    ).catch((e: unknown) => e);
    await session.run("grant reload on *.* to ompay_backup@'127.0.0.1'");
    session.close();
    expect(refused).toMatchObject({
      code: 'databaseUnavailable',
      hint: expect.stringContaining('its rights'),
    });
    expect(String(refused)).toMatch(/RELOAD/i);
    nothingIsLeft();
  });

  test('the data folder of another server, and none at all', async () => {
    const { dataFolder, ...elsewhere } = source.settings;
    await expect(copyInto(mariadbEngine(elsewhere), join(source.folder, 'none'))).rejects.toMatchObject({
      code: 'configInvalid',
    });
    const other = await startSource();
    try {
      const wrong = mariadbEngine({ ...source.settings, dataFolder: other.settings.dataFolder });
      await expect(copyInto(wrong, join(source.folder, 'other'))).rejects.toThrow(
        `has its data in ${dataFolder}`,
      );
    } finally {
      await other.dispose();
    }
  });

  test('a server that is killed in the middle', async () => {
    const [begun, goOn] = [join(source.folder, 'begun'), join(source.folder, 'go-on')];
    const wait = 'touch "$0"; until [ -e "$1" ]; do sleep 0.05; done; shift; exec mariadb-backup "$@"';
    const engine = mariadbEngine({
      ...source.settings,
      backupCommand: ['/bin/sh', '-c', wait, begun, goOn],
    });
    const gone = copyInto(engine, join(source.folder, 'gone')).catch((e: unknown) => e);
    await eventually(() => existsSync(begun)).toBe(true);
    await source.server.kill();
    writeFileSync(goOn, '');
    expect(await gone).toMatchObject({ code: 'databaseUnavailable' });
    await source.server.restart();
    nothingIsLeft();
    await copyInto(mariadbEngine(source.settings), join(source.folder, 'again'));
    nothingIsLeft();
  });
});
