import type { SourceFile } from './source.ts';
import type { Violation } from './violation.ts';

/** One effect, and the only files (or folders, ending in /) that may have it. */
interface Door {
  /** Says why others may not. */
  readonly why: string;
  readonly files: readonly string[];
}

/** Packages and Node modules that are one effect each. A name ending in / stands for all packages of that scope. */
const MODULE_DOORS: Readonly<Record<string, Door>> = {
  execa: { why: 'shell lines run through Host.exec', files: ['src/host/local.ts'] },
  ssh2: { why: 'remote hosts are a Host', files: ['src/host/ssh/connect.ts'] },
  '@aws-sdk/': { why: 'S3 is a Store', files: ['src/store/s3.ts'] },
  'age-encryption': {
    why: 'age is read and written in two places',
    files: ['src/store/repository/age.ts', 'src/secrets/seal.ts'],
  },
  chalk: { why: 'what a terminal shows is rendered in one place', files: ['src/cli/render.ts'] },
  listr2: { why: 'what a terminal shows is rendered in one place', files: ['src/cli/render.ts'] },
  commander: { why: 'argv is read by the command line alone', files: ['src/cli/'] },
  esbuild: { why: 'bundles are made in one place', files: ['src/deploy/bundle.ts'] },
  fastify: { why: 'HTTP is served by the API alone', files: ['src/api/'] },
  kysely: { why: 'the tables are known to the API alone', files: ['src/api/'] },
  mysql2: { why: 'each database has its adapter', files: ['src/api/db/', 'src/engine/'] },
  pg: { why: 'each database has its adapter', files: ['src/api/db/', 'src/engine/'] },
  '@electric-sql/': { why: 'the embedded database is an engine', files: ['src/engine/'] },
  ioredis: { why: 'Redis is met by its link alone', files: ['src/api/redis/', 'src/api/outbox/jobs.ts'] },
  bullmq: { why: 'the queue has one adapter', files: ['src/api/outbox/jobs.ts'] },
  nodemailer: { why: 'mail leaves in one place', files: ['src/notify/mail.ts'] },
  yaml: { why: 'it is read with lines in one place', files: ['src/core/yaml-lines.ts'] },
  'node:sqlite': { why: 'it is used as a kernel lock only', files: ['src/core/mutex.ts'] },
  'node:timers/promises': {
    why: 'time passes through Clock',
    files: [
      'src/core/clock.ts',
      'src/api/ledger/ledger.ts', // setImmediate: a turn of the event loop, which is no time
    ],
  },
  'node:child_process': {
    why: 'shell lines run through Host.exec; these start long-lived processes of ours',
    files: [
      'src/front/start.ts', // the supervisor, detached from the command that starts it
      'src/front/supervisor/', // its services
      'src/front/front-main.ts', // the supervisor again, when it was killed
      'src/front/proxy/watch.ts',
      'src/engine/pglite/', // a database booted on a scratch folder to prove a backup
      'src/engine/scratch-process.ts', // the same of the other engines
      'src/engine/mysql/', // the empty server that a clone goes to
      'src/engine/dump/', // mysqldump, mariadb-dump and pg_dump, likewise
      'src/engine/files/redis.ts', // redis-cli, which writes a file
      'src/engine/postgres/', // pg_basebackup, whose output is read as it comes
      'src/cli/secrets/editor.ts', // the operator's editor, which has the terminal
      'src/deploy/handlers/', // a bundle started in an empty folder to prove that it starts
    ],
  },
};

/** Members and calls that are one effect each. */
const USE_DOORS: Readonly<Record<string, Door>> = {
  'process.env': { why: 'settings are read in one place', files: ['src/main.ts', 'src/config/load.ts'] },
  'process.exit': {
    why: 'only an entry ends its process',
    files: [
      'src/main.ts',
      'src/api/main.ts',
      'src/api/ops-main.ts',
      'src/front/front-main.ts',
      'src/front/supervisor-main.ts',
      'src/engine/pglite-host-main.ts',
      'src/agent/agent-main.ts',
    ],
  },
  ...forEach(['Date.now', 'new Date()', 'performance.now', 'process.hrtime', 'hrtime.bigint', 'Date()'], {
    why: 'time is told by Clock',
    files: ['src/core/clock.ts'],
  }),
  ...forEach(['setTimeout()', 'setInterval()', 'setImmediate()'], {
    why: 'waiting is Clock.sleep; these are time limits and heartbeats beside other work',
    files: [
      'src/plan/act.ts', // the time limit of a handler
      'src/plan/lock.ts', // the lock's heartbeat
      'src/deploy/observation/baseline.ts', // looks beside a deploy's steps, and keeps no process alive
      'src/api/', // time limits of statements, the dispatcher's and the batch's turns
      'src/engine/pglite-host-main.ts', // the limit of a stop
      'src/engine/pglite-host/', // the limit of an idle transaction, checkpoints
      'src/front/', // restarts, polls and time limits of long-lived processes
    ],
  }),
  ...forEach(['console.log', 'console.error', 'console.warn', 'console.info', 'console.debug'], {
    why: 'output has its own writers',
    files: [],
  }),
};

function forEach(names: readonly string[], door: Door): Record<string, Door> {
  return Object.fromEntries(names.map((name) => [name, door]));
}

export function effectsUseTheirDoor(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => [
    ...file.imports.flatMap(({ specifier, line }) => passed(file, line, specifier, moduleDoor(specifier))),
    ...file.uses.flatMap(({ name, line }) => passed(file, line, name, USE_DOORS[name])),
  ]);
}

function moduleDoor(specifier: string): Door | undefined {
  const name = Object.keys(MODULE_DOORS).find(
    (each) => specifier === each || specifier.startsWith(each.endsWith('/') ? each : `${each}/`),
  );
  return name === undefined ? undefined : MODULE_DOORS[name];
}

function passed(file: SourceFile, line: number, name: string, door: Door | undefined): Violation[] {
  if (door === undefined || door.files.some((each) => isAt(file.path, each))) return [];
  const where = door.files.length === 0 ? 'nowhere' : `only in ${door.files.join(', ')}`;
  return [{ path: file.path, line, what: `uses ${name}, allowed ${where}: ${door.why}` }];
}

function isAt(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}
