import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ROUTES } from '../../src/api/routes/index.ts';
import { buildServer } from '../../src/api/server.ts';
import { type ContractResult, runContract } from '../../src/contract/suite.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startApi, type TestApi } from '../fixtures/api.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

/** A second process's worth of the API, on the same database. `succeeded` collects the routes that did their work. */
async function serveBeside({ foundations }: TestApi, succeeded = new Set<string>()): Promise<string> {
  const path = join(temporaryFolder(), 'api.sock');
  const app = buildServer(foundations);
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
    if (statusCode < 300) succeeded.add(`${method} ${routeOptions.url}`);
  });
  await app.listen({ path });
  onTestFinished(() => app.close());
  return path;
}

describe('the contract of a release', { timeout: 180_000 }, () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const run = (selfSocket: string, otherSocket: string): Promise<ContractResult> =>
    runContract({ settings: api.settings, selfSocket, otherSocket, clock: systemClock });

  it('is kept by this release, alone, and says something of every route', async () => {
    const succeeded = new Set<string>();
    const socket = await serveBeside(api, succeeded);
    const { failure, checks } = await run(socket, socket);
    expect(failure).toBe('');
    expect(checks).toBeGreaterThan(90);
    const routes = ROUTES.map(({ operation }) => `${operation.method} ${operation.path}`);
    expect(routes.filter((route) => !succeeded.has(route))).toEqual([]);
  });

  it('is kept by this release beside another, each reading what the other wrote', async () => {
    const { failure, checks } = await run(await serveBeside(api), await serveBeside(api));
    expect(failure).toBe('');
    expect(checks).toBeGreaterThan(160);
  });

  it('names the first promise that the database keeps a release from keeping', async () => {
    const socket = await serveBeside(api);
    const { kysely } = api.database;
    await sql`alter table transfers add constraint none_so_small check (amount >= 5000) not valid`.execute(
      kysely,
    );
    onTestFinished(async () => {
      await sql`alter table transfers drop constraint none_so_small`.execute(kysely);
    });
    expect((await run(socket, socket)).failure).toBe(
      'POST /api/ompay/transfer of this release: expected 200, seen 500 erreur_interne',
    );
  });

  it('is not kept by a ledger whose debits are not its credits', async () => {
    const socket = await serveBeside(api);
    await sql`update accounts set balance = balance + 1 where kind = 'fees'`.execute(api.database.kysely);
    onTestFinished(async () => {
      await sql`update accounts set balance = balance - 1 where kind = 'fees'`.execute(api.database.kysely);
    });
    expect((await run(socket, socket)).failure).toContain('the ledger: expected debits that equal credits');
  });

  it('is not kept by a release that does not answer', async () => {
    const { failure } = await run(join(temporaryFolder(), 'nobody.sock'), '');
    expect(failure).toMatch(/^GET \/openapi.json of this release: expected an answer, seen .*ENOENT/);
  });
});
