/**
 * Process entry: `node pglite-host.mjs --data DIR --socket PATH [--end-with-stdin]`. Serves a PGlite database until SIGTERM,
 * and a copy that is only proven until its standard input closes, as that happens when the prover is killed.
 */
import { resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { requiredOptions } from '../core/options.ts';
import { startHost } from './pglite-host/host.ts';

const STOP_TIMEOUT_MS = 5000;

// The files of the database are of this user alone, whatever the shell's umask was.
process.umask(0o077);

try {
  const [words, mustEndWithStdin] = wordsAndFlag(process.argv.slice(2), '--end-with-stdin');
  if (mustEndWithStdin) process.stdin.once('end', exitAtOnce).resume();
  const option = requiredOptions(['data', 'socket'], words);
  const settings = { dataFolder: resolve(option('data')), socketPath: resolve(option('socket')) };
  const host = await startHost(settings, systemClock, fail);
  say('serving');
  process.once('SIGTERM', () => stop(host.close));
  process.once('SIGINT', () => stop(host.close));
} catch (error) {
  fail(error);
}

function wordsAndFlag(words: readonly string[], flag: string): [readonly string[], boolean] {
  return [words.filter((word) => word !== flag), words.includes(flag)];
}

function stop(close: () => Promise<void>): void {
  setTimeout(() => fail(new Error(`not closed within ${STOP_TIMEOUT_MS} ms`)), STOP_TIMEOUT_MS).unref();
  close().then(() => {
    say('closed');
    exitAtOnce();
  }, fail);
}

/**
 * An ordinary exit waits for V8's compiler threads and was seen to wait for ever (futex, no CPU) when they were busy
 * with PGlite's code. Replacing the process by one that ends leaves no thread to wait for.
 */
function exitAtOnce(): void {
  if (process.platform === 'linux') process.execve?.(process.execPath, [process.execPath, '-e', '0'], {});
  process.exit(0);
}

/** The supervisor starts it again; what is on disk is safe, as at the death of any process. */
function fail(error: unknown): void {
  say(`failed: ${messageOf(error)}${error instanceof OmpayError ? `; ${error.hint}` : ''}`);
  process.exit(1);
}

function say(what: string): void {
  process.stderr.write(`${new Date(systemClock.now()).toISOString()} pglite-host ${what}\n`);
}
