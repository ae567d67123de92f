import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { OmpayError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Shell } from '../shell/line.ts';
import type { ExecOptions, ExecResult, Host } from './host.ts';
import { requestHere } from './http.ts';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** This machine. */
export function localHost(): Host {
  return {
    name: 'local',
    exec: execHere,
    put: async (content, path, mode) => writeFileAtomic(path, content, mode),
    get: async (path) => readFile(path),
    request: requestHere,
    close: async () => {},
  };
}

async function execHere(line: Shell, options: ExecOptions): Promise<ExecResult> {
  if (line.hasSecret && options.stdin !== undefined) {
    throw new TypeError('a line with a secret travels over stdin, so it cannot have a stdin of its own');
  }
  const result = await execa('/bin/sh', line.hasSecret ? ['-s'] : ['-c', line.text], {
    input: line.hasSecret ? line.text : (options.stdin ?? ''),
    timeout: options.timeoutMs,
    forceKillAfterDelay: 2000,
    maxBuffer: MAX_OUTPUT_BYTES,
    reject: false,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (options.signal?.aborted === true) throw options.signal.reason;
  if (result.timedOut) {
    throw new OmpayError('timeout', `\`${line.shown}\` was still running after ${options.timeoutMs} ms`, {
      hint: 'run it by hand to see where it hangs',
      cause: result,
    });
  }
  return { exitCode: result.exitCode ?? null, stdout: result.stdout, stderr: result.stderr };
}
