import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import type { ProofCheck } from '../proof.ts';
import type { Rehearsal } from '../rehearse.ts';
import { REDIS_FILE, SUMS_FILE } from './capture.ts';
import { assertWhole } from './redis.ts';

/** Compares every extracted file with its hash, and looks at Redis' ends. Throws `backupDamaged`. */
export async function proveFiles(folder: string, { clock }: { readonly clock: Clock }): Promise<Rehearsal> {
  const beginMs = clock.monotonicMs();
  const sums = await readFile(join(folder, SUMS_FILE), 'utf8').catch((error: unknown) => {
    throw damaged(messageOf(error));
  });
  const names: string[] = [];
  for (const line of sums.split('\n').filter((each) => each !== '')) {
    const name = line.slice(66);
    if ((await sumOf(join(folder, name))) !== line.slice(0, 64))
      throw damaged(`${name} is not the file that was read`);
    names.push(name);
  }
  const hasRedis = names.includes(REDIS_FILE);
  if (hasRedis) await assertWhole(join(folder, REDIS_FILE));
  const redis: ProofCheck = {
    name: 'redis',
    expect: 'noted',
    verdict: hasRedis ? 'pass' : 'absent',
    why: '',
    copy: {},
  };
  const files: ProofCheck = {
    name: 'files',
    expect: 'noted',
    verdict: 'pass',
    why: '',
    copy: { files: String(names.length) },
  };
  const proveMs = Math.round(clock.monotonicMs() - beginMs);
  return { isProven: true, checks: [files, redis], serverVersion: 'files', startMs: 0, proveMs };
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    throw damaged(messageOf(error));
  }
  return hash.digest('hex');
}

function damaged(why: string): OmpayError {
  return new OmpayError('backupDamaged', `the files are not whole: ${why}`, {
    hint: 'take another copy: ompay backup list',
  });
}
