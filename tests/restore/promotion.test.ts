import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { gtidSetText, parseGtidSet } from '../../src/engine/mysql/gtid-set.ts';
import { localHost } from '../../src/host/local.ts';
import type { Handlers } from '../../src/plan/act.ts';
import type { RunContext } from '../../src/plan/run.ts';
import { planText } from '../../src/plan/text.ts';
import { type PromotionDeps, promotionHandlers } from '../../src/restore/promotion/handlers.ts';
import { lookAtServer } from '../../src/restore/promotion/look.ts';
import { openPlan, promotePlan, putBackPlan } from '../../src/restore/promotion/plan.ts';
import { endPromotion, promote } from '../../src/restore/promotion/promote.ts';
import {
  givenUp,
  type Promotion,
  promotionOf,
  promotionText,
  readPromotion,
} from '../../src/restore/promotion/promotion.ts';
import { MYSQL } from '../fixtures/databases.ts';
import { UNIT, type UnitMysql, unitMysql } from '../fixtures/servers/unit-mysql.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';
import { CHECKS, PROVEN, QUERIES } from './promotion-proof.ts';

if (MYSQL.absent !== undefined) process.stderr.write(`skipped: a database in place: ${MYSQL.absent}\n`);

const PROCESS = new URL('promotion-process.ts', import.meta.url).pathname;
const PATIENT = { timeout: 600_000 };

test('the plan says what runs, and what takes each step back', async () => {
  const promotion: Promotion = {
    environment: 'production',
    unit: UNIT,
    dataFolder: '/var/lib/mysql',
    aside: '/var/lib/mysql.before-20261122T170508Z',
    proven: '/var/lib/mysql.restored',
    wasServing: true,
    committed: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-25',
    gtids: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-23',
  };
  const plans = [promotePlan, openPlan, putBackPlan].map((plan) =>
    plan(promotion, '/srv/ompay/promotion.json'),
  );
  await expect(plans.map(planText).join('\n')).toMatchFileSnapshot('../goldens/restore/promotion.txt');
});

const looking = () => ({ host: localHost(), clock: systemClock, signal: AbortSignal.timeout(60_000) });

describe.skipIf(MYSQL.absent !== undefined)('a proven database', () => {
  let server: UnitMysql;
  let promotion: Promotion;
  let recordPath: string;
  let deps: PromotionDeps;

  beforeAll(async () => {
    server = await unitMysql();
    vi.stubEnv('PATH', `${server.binFolder}:${process.env.PATH}`);
    const session = await server.connect();
    await session.run('create table transfers (id bigint primary key auto_increment, amount bigint)');
    for (let count = 1; count <= PROVEN; count += 1)
      await session.run('insert into transfers (amount) values (7)');
    const [gtids = ''] = await session.values('select @@global.gtid_executed');
    session.close();
    server.systemctl('stop');
    const proven = `${server.dataFolder}.restored`;
    cpSync(server.dataFolder, proven, { recursive: true });
    for (const name of readdirSync(proven))
      if (/^(auto\.cnf|binlog\..*|.*\.pem)$/.test(name)) rmSync(join(proven, name));
    server.systemctl('start');
    const later = await server.connect();
    for (let count = 1; count <= 2; count += 1) await later.run('insert into transfers (amount) values (9)');
    later.close();
    const place = { access: server.access, dataFolder: server.dataFolder, unit: UNIT };
    const look = await lookAtServer(place, looking());
    const input = {
      environment: 'staging',
      unit: UNIT,
      proven,
      gtids: parseGtidSet(gtids),
      nowMs: Date.UTC(2026, 10, 22),
    };
    promotion = promotionOf(input, look);
    recordPath = join(server.folder, 'promotion.json');
    deps = {
      promotion,
      recordPath,
      access: server.access,
      database: 'ompay',
      queries: QUERIES,
      checks: CHECKS,
    };
  }, PATIENT.timeout);
  afterAll(() => {
    vi.unstubAllEnvs();
    server.dispose();
  });

  const context = (handlers: Handlers = {}, events: string[] = []): RunContext => ({
    hosts: { local: localHost() },
    handlers: { ...promotionHandlers(deps), ...handlers },
    clock: systemClock,
    signal: new AbortController().signal,
    emit: (event) => {
      if ('step' in event) events.push(`${event.type} ${event.step}`);
    },
  });

  async function seen() {
    const session = await server.connect();
    try {
      const [rows, isReadOnly] = await session.values(
        'select (select count(*) from transfers), @@super_read_only',
      );
      return { rows: Number(rows), isReadOnly, beside: server.siblings(), isEnded: !existsSync(recordPath) };
    } finally {
      session.close();
    }
  }
  const OLD = { rows: PROVEN + 2, isReadOnly: '0', beside: ['data', 'data.restored'], isEnded: true };
  const NEW = {
    rows: PROVEN,
    isReadOnly: '0',
    beside: ['data', 'data.before-20261122T000000Z'],
    isEnded: true,
  };

  /** As the operator would, by the commands that are printed. */
  function goBack(): void {
    server.systemctl('stop');
    renameSync(promotion.dataFolder, promotion.proven);
    renameSync(promotion.aside, promotion.dataFolder);
    server.systemctl('start');
  }

  test('replaces the old one, which is kept, and is what was given up told', PATIENT, async () => {
    expect(givenUp(promotion).count).toBe(2);
    await promote(context(), promotion, recordPath);
    expect(await seen()).toEqual(NEW);
    const [now, before] = [promotion.dataFolder, promotion.aside].map((folder) => statSync(folder));
    expect([now?.mode, now?.uid]).toEqual([before?.mode, before?.uid]);
    goBack();
    expect(await seen()).toEqual(OLD);
  });

  test.each([
    ['stop', OLD],
    ['start', OLD],
    ['prove', OLD],
    ['answer', NEW],
  ])('killed before the step %s, it comes to one end or the other', PATIENT, async (moment, end) => {
    const wanted = join(server.folder, 'wanted.json');
    writeFileSync(wanted, promotionText({ ...promotion, isDecided: false }));
    const socketPath = join(server.folder, 'server.sock');
    const killed = spawnSync(process.execPath, [PROCESS, wanted, recordPath, socketPath, moment], {
      encoding: 'utf8',
    });
    expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const record = readPromotion(recordPath);
    if (record === undefined) throw new Error('nothing tells of the promotion');
    expect(await endPromotion(context(), record, recordPath)).toBe(end === NEW ? 'in place' : 'put back');
    expect(await seen()).toEqual(end);
    if (end === NEW) goBack();
  });

  test('that answers otherwise in its place is taken away again', PATIENT, async () => {
    const checks = CHECKS.map((check) => ({ ...check, copy: { rows: String(PROVEN + 1) } }));
    const handlers = promotionHandlers({ ...deps, checks });
    const error = await ompayErrorOf(() => promote(context(handlers), promotion, recordPath));
    expect(error).toMatchObject({ code: 'rolledBack', cause: { code: 'backupDamaged' } });
    expect(error.message).toContain('the old database serves again');
    expect(await seen()).toEqual(OLD);
  });

  test('does not replace one that committed more than was confirmed', PATIENT, async () => {
    const stale = { ...promotion, committed: promotion.gtids };
    const handlers = promotionHandlers({ ...deps, promotion: stale });
    const error = await ompayErrorOf(() => promote(context(handlers), stale, recordPath));
    expect(error).toMatchObject({ code: 'rolledBack', cause: { code: 'checkBlocked' } });
    expect(error.message).toContain('2 transactions were committed after it was confirmed');
    expect(await seen()).toEqual(OLD);
  });

  test('is not put where it does not belong', PATIENT, async () => {
    const { access, dataFolder } = server;
    const elsewhere = join(server.folder, 'elsewhere');
    mkdirSync(elsewhere);
    for (const [place, code, what] of [
      [{ dataFolder: null }, 'configInvalid', 'copies.data_folder is missing'],
      [{ dataFolder: join(server.folder, 'absent') }, 'notFound', 'does not exist on this machine'],
      [{ dataFolder: '/proc' }, 'stateUnusable', 'is a file system of its own'],
      [{ dataFolder: elsewhere }, 'configInvalid', 'is not the one in'],
      [{ unit: 'other.service' }, 'configInvalid', 'its unit other.service does not run it'],
    ] as const) {
      const asked = { access, dataFolder, unit: UNIT, ...place };
      const error = await ompayErrorOf(() => lookAtServer(asked, looking()));
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(what)]);
    }
  });

  test('replaces one that does not answer, and one whose folder was lost', PATIENT, async () => {
    const { access, dataFolder } = server;
    const place = { access, dataFolder, unit: UNIT };
    process.kill(Number(server.pid()), 'SIGKILL');
    await expect.poll(() => server.systemctl('is-active'), { timeout: 20_000 }).toBe(false);
    const crashed = await lookAtServer(place, looking());
    expect(crashed.wasServing).toBe(false);
    expect(gtidSetText(crashed.committed)).toBe(promotion.committed);
    const saved = join(server.folder, 'saved');
    renameSync(dataFolder, saved);
    mkdirSync(dataFolder, { mode: 0o750 });
    const lost = { ...promotion, wasServing: false, committed: '' };
    expect(await lookAtServer(place, looking())).toEqual({
      dataFolder,
      wasServing: false,
      committed: new Map(),
    });
    await promote(context(promotionHandlers({ ...deps, promotion: lost })), lost, recordPath);
    expect(await seen()).toEqual(NEW);
    server.systemctl('stop');
    renameSync(dataFolder, promotion.proven);
    rmdirSync(promotion.aside);
    renameSync(saved, dataFolder);
    server.systemctl('start');
    expect(await seen()).toEqual(OLD);
  });

  test('that fails once clients may write is taken away only when none did', PATIENT, async () => {
    const fail = async (): Promise<never> => {
      throw new Error('it does not answer');
    };
    const failed = await ompayErrorOf(() =>
      promote(context({ 'promotion.answer': fail }), promotion, recordPath),
    );
    expect(failed.code).toBe('rolledBack');
    expect(await seen()).toEqual(OLD);
    const failAfterWrite = async (): Promise<never> => {
      const session = await server.connect();
      await session.run('insert into transfers (amount) values (11)');
      session.close();
      return fail();
    };
    const kept = await ompayErrorOf(() =>
      promote(context({ 'promotion.answer': failAfterWrite }), promotion, recordPath),
    );
    expect(kept).toMatchObject({ code: 'notRolledBack' });
    expect(kept.hint).toContain('ompay restore -e staging --resume');
    const record = readPromotion(recordPath);
    if (record === undefined) throw new Error('nothing tells of the promotion');
    expect(await endPromotion(context(), record, recordPath)).toBe('in place');
    expect(await seen()).toEqual({ ...NEW, rows: PROVEN + 1 });
  });
});
