import { mkdir, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Captured, CaptureRequest, CaptureSource, Engine } from '../../src/engine/engine.ts';
import type { ProofQuery } from '../../src/engine/proof.ts';
import { extractTar, packTar } from '../../src/store/repository/tar.ts';

/** A database with the tables of tests/fixtures/ledger.ts, running. */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** For servers that hang on a folder that holds no database; else a minute. */
  readonly damagedTimeoutMs?: number;
  /** An empty folder of this test file, for copies. */
  readonly folder: string;
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Posts some transfers in one transaction. */
  post(): Promise<void>;
  /** Stops the source, so that the next capture is a cold one. */
  stop(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

const COUNT: ProofQuery = { name: 'rows', expect: 'grows', sql: 'select count(*) as "rows" from transfers' };
const BOOT = { timeoutMs: 60_000 };

/** Copies the source into a new folder, as a backup and its restore would. */
export async function copyInto(
  engine: Engine,
  folder: string,
  request: Partial<CaptureRequest> = {},
): Promise<Captured<CaptureSource>> {
  await mkdir(folder, { recursive: true });
  return engine.capture({ label: 'test', queries: [COUNT], ...request }, async (source) => {
    await extractTar(packTar(source.entries), folder);
    return source;
  });
}

/** What every database engine must do; run it against a new one before adding it to src/engine/index.ts. */
export function engineContract(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the contract of an engine`, () => {
    let place: EngineUnderTest;
    let copies = 0;
    const nextFolder = () => {
      copies += 1;
      return join(place.folder, `copy-${copies}`);
    };
    const rowsIn = async (folder: string): Promise<number> => {
      const copy = await place.engine.boot(folder, BOOT);
      try {
        return Number((await copy.rows(COUNT.sql))?.[0]?.rows);
      } finally {
        await copy.stop('kill');
      }
    };

    beforeAll(async () => {
      place = await make();
    });
    afterAll(() => place.dispose());

    test('a copy taken under load holds all that was committed before its end and starts', async () => {
      const load: { on: boolean } = { on: true };
      const posting = (async () => {
        while (load.on) await place.post();
      })();
      const folder = nextFolder();
      let captured: Captured<CaptureSource>;
      try {
        captured = await copyInto(place.engine, folder);
      } finally {
        load.on = false;
        await posting;
      }
      expect(captured.archived.method).toBe('online');
      const before = Number(captured.facts?.before.rows?.row.rows);
      const after = Number(captured.facts?.after.rows?.row.rows);
      const copied = await rowsIn(folder);
      expect(before).toBeGreaterThan(0);
      expect(copied).toBeGreaterThanOrEqual(before);
      expect(copied).toBeLessThanOrEqual(after);
    });

    test('the error of a failing archive is told, and the next capture works', async () => {
      const failing = place.engine.capture({ label: 'test', queries: [] }, async ({ entries }) => {
        for await (const _ of entries) throw new Error('no space for the archive');
      });
      await expect(failing).rejects.toThrow('no space for the archive');
      expect((await copyInto(place.engine, nextFolder())).archived.method).toBe('online');
    });

    test('an aborted capture stops, and the next one works', async () => {
      const controller = new AbortController();
      const aborted = place.engine.capture(
        { label: 'test', queries: [], signal: controller.signal },
        async ({ entries }) => {
          for await (const _ of entries) controller.abort(new Error('stopped by the test'));
        },
      );
      await expect(aborted).rejects.toThrow('stopped by the test');
      expect((await copyInto(place.engine, nextFolder())).archived.method).toBe('online');
    });

    test('a stopped database is copied cold, with the same identity, and serves again afterwards', async () => {
      const online = await copyInto(place.engine, nextFolder());
      const [row] = await place.query('select count(*) as "rows" from transfers');
      await place.stop();
      const folder = nextFolder();
      try {
        const cold = await copyInto(place.engine, folder);
        expect(cold).toMatchObject({ archived: { method: 'cold' }, facts: null });
        expect(cold.archived.serverUuid).toBe(online.archived.serverUuid);
      } finally {
        await place.start();
      }
      expect(await rowsIn(folder)).toBe(Number(row?.rows));
      await place.post();
    });

    test('a copy that was stopped cleanly starts again with its data', async () => {
      const folder = nextFolder();
      await copyInto(place.engine, folder);
      const first = await place.engine.boot(folder, BOOT);
      expect(first.serverVersion).not.toBe('');
      await first.rows('create table restored (id int)');
      await first.stop('clean');
      const second = await place.engine.boot(folder, BOOT);
      expect(await second.rows('select * from restored')).toEqual([]);
      expect(await second.rows('select * from nowhere')).toBeUndefined();
      await second.stop('kill');
    });

    test('a folder that holds no database does not start, and says backupDamaged', async () => {
      const folder = nextFolder();
      await copyInto(place.engine, folder);
      await damage(folder);
      const limits = { timeoutMs: place.damagedTimeoutMs ?? BOOT.timeoutMs };
      await expect(place.engine.boot(folder, limits)).rejects.toMatchObject({ code: 'backupDamaged' });
    });
  });
}

/** Empties what every engine must find: its largest files' place stays, their content goes. */
async function damage(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await stat(path)).size > 100_000) await truncate(path, 512);
  }
}
