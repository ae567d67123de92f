import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { messageOf, OmpayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';

/** A large one at 20 MB/s. */
const REDIS_TIMEOUT_MS = 60 * 60_000;
const MAX_SAID_CHARS = 4000;
/** "REDIS" and a version begin an RDB file; this opcode and a CRC64 end it (rdb.h: RDB_OPCODE_EOF). */
const MAGIC = /^REDIS\d{4}$/;
const END_OPCODE = 0xff;
const END_BYTES = 9;

export interface RedisSource {
  readonly place: { readonly kind: 'socket'; readonly path: string } | RedisAddress;
  readonly username?: string;
  readonly password?: Secret;
  /** `caPath` null: the system's authorities. */
  readonly tls: { readonly caPath: string | null } | null;
}

interface RedisAddress {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
}

/**
 * Has the stock client follow Redis as a replica does, until the whole of it is in the file. The password is in the child's
 * environment. Throws `databaseUnavailable`.
 */
export async function saveRedis(source: RedisSource, path: string, signal?: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(REDIS_TIMEOUT_MS);
  const password = source.password?.reveal();
  const child = spawn('redis-cli', redisArguments(source, path), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LC_ALL: 'C',
      ...(password === undefined ? {} : { REDISCLI_AUTH: password }),
    },
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID_CHARS);
  });
  try {
    await once(child, 'close');
    if (child.exitCode !== 0)
      throw new Error(said.trim().split('\n').at(-1) || `it ended (${child.exitCode})`);
    await assertWhole(path);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new OmpayError('databaseUnavailable', `redis-cli did not copy Redis: ${messageOf(cause)}`, {
      hint: 'see to its account, its way to here and the package redis-tools: docs/backup.md, "Files"',
      cause,
    });
  }
}

function redisArguments({ place, username, tls }: RedisSource, path: string): readonly string[] {
  const where = place.kind === 'socket' ? ['-s', place.path] : ['-h', place.host, '-p', String(place.port)];
  const caPath = tls?.caPath ?? null;
  return [
    ...where,
    '--no-auth-warning',
    ...(username === undefined ? [] : ['--user', username]),
    ...(tls === null ? [] : ['--tls']),
    ...(caPath === null ? [] : ['--cacert', caPath]),
    ...['--rdb', path],
  ];
}

/** It begins and ends as an RDB file does. Throws. */
export async function assertWhole(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const begin = Buffer.alloc(END_BYTES);
    const end = Buffer.alloc(END_BYTES);
    await file.read(begin, 0, END_BYTES, 0);
    await file.read(end, 0, END_BYTES, Math.max(0, size - END_BYTES));
    if (!MAGIC.test(begin.toString('latin1')) || end[0] !== END_OPCODE)
      throw new OmpayError('backupDamaged', `${path} is no whole RDB file (${size} bytes)`, {
        hint: 'make another: ompay backup create --kind files',
      });
  } finally {
    await file.close();
  }
}
