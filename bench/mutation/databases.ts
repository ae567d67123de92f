/** Stands in for tests/fixtures/databases.ts: PGlite alone, on the server that the whole run shares. */
import { sql } from 'kysely';
import { describe, inject, TestRunner } from 'vitest';
import { openDatabase } from '../../src/api/db/open.ts';
import type * as fixture from '../../tests/fixtures/databases.ts';

type DatabaseServer = fixture.DatabaseServer;
type ServerKind = fixture.ServerKind;

export type { DatabaseServer, ServerKind };

export const PGLITE: ServerKind = {
  name: 'PGlite',
  family: 'postgresql',
  absent: undefined,
  start: sharedServer,
};
export const MARIADB: ServerKind = {
  name: 'MariaDB',
  family: 'mysql',
  absent: 'mutants run on PGlite',
  start: sharedServer,
};
export const POSTGRESQL: ServerKind = { ...PGLITE, name: 'PostgreSQL', absent: MARIADB.absent };
export const MYSQL: ServerKind = { ...MARIADB, name: 'MySQL' };
export const SERVER_KINDS: readonly ServerKind[] = [PGLITE];

export const describeOn: typeof fixture.describeOn = (_kinds, title, tests) => {
  describe(`${title} on ${PGLITE.name}`, () => tests(server, PGLITE));
};

async function sharedServer(): Promise<DatabaseServer> {
  return server();
}

function server(): DatabaseServer {
  const settings = inject('sharedServer');
  return {
    emptyDatabase: async () => {
      const db = openDatabase(settings);
      try {
        await sql.raw('drop schema public cascade').execute(db.kysely);
        await sql.raw('create schema public').execute(db.kysely);
      } finally {
        await db.close();
      }
      return settings;
    },
    kill: leaveOut,
    pause: skip,
    resume: skip,
    restart: leaveOut,
    stop: leaveOut,
  };
}

/** The tests that kill their server cannot kill everybody's. */
async function leaveOut(): Promise<void> {
  skip();
}

function skip(): void {
  TestRunner.getCurrentTest()?.context.skip('the server is shared');
}
