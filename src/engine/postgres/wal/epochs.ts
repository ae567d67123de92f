import { mkdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../../../core/clock.ts';
import { makeFolderWhole, writeNewFile } from '../../../core/files.ts';
import { readJson } from '../../../core/json.ts';

const DOCUMENT = 'epoch.json';
const EPOCH = /^\d{6}$/;

/** An unbroken piece of one server's history on one timeline: a folder of its segments. */
export interface WalEpoch {
  readonly number: number;
  readonly serverUuid: string;
  readonly timeline: number;
  readonly startedAt: string;
  /** Why the one before could not go on; empty of the first. */
  readonly reason: string;
  readonly folder: string;
}

/** Oldest first. Throws `stateUnusable` for a damaged one. */
export async function listWalEpochs(root: string): Promise<readonly WalEpoch[]> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const names = (await readdir(root)).filter((name) => EPOCH.test(name)).toSorted();
  return Promise.all(names.map((name) => readEpoch(join(root, name))));
}

async function readEpoch(folder: string): Promise<WalEpoch> {
  const path = join(folder, DOCUMENT);
  const json = readJson(await readFile(path), {
    what: path,
    code: 'stateUnusable',
    hint: `look at it: cat '${path}'; it says which server the files beside it are of`,
  });
  return {
    number: json.whole('number'),
    serverUuid: json.text('serverUuid'),
    timeline: json.whole('timeline'),
    startedAt: json.text('startedAt'),
    reason: json.text('reason'),
    folder,
  };
}

export async function beginWalEpoch(
  root: string,
  begin: Pick<WalEpoch, 'serverUuid' | 'timeline' | 'reason'>,
  nowMs: number,
): Promise<WalEpoch> {
  const number = ((await listWalEpochs(root)).at(-1)?.number ?? 0) + 1;
  const folder = join(root, String(number).padStart(6, '0'));
  const epoch = { number, startedAt: isoTime(nowMs), ...begin };
  makeFolderWhole(folder, (making) => {
    writeNewFile(join(making, DOCUMENT), `${JSON.stringify(epoch, null, 2)}\n`, 0o600);
  });
  return { ...epoch, folder };
}
