import { existsSync, mkdirSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../../../core/clock.ts';
import { makeFolderWhole, writeNewFile } from '../../../core/files.ts';
import { readJson } from '../../../core/json.ts';
import { segmentNumber } from './segment.ts';

const DOCUMENT = 'epoch.json';
const EPOCH = /^\d{6}$/;
const REMOVED = '.removed';

/** An unbroken piece of one server's history: its files follow each other without a gap. */
export interface Epoch {
  readonly number: number;
  readonly serverUuid: string;
  readonly startedAt: string;
  /** Why the one before could not go on. */
  readonly reason: string;
  /** GTIDs that the server had thrown away before they were received; empty is as it should be. */
  readonly missing: string;
}

export interface EpochFolder extends Epoch {
  readonly folder: string;
  /** Names of its files, in order. */
  readonly segments: readonly string[];
}

/** Oldest first. One that is removed meanwhile is passed over. */
export async function listEpochs(root: string): Promise<readonly EpochFolder[]> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const names = (await readdir(root)).filter((name) => EPOCH.test(name)).toSorted();
  const epochs: EpochFolder[] = [];
  for (const name of names) {
    const folder = join(root, name);
    try {
      epochs.push(await readEpoch(folder));
    } catch (error) {
      if (existsSync(folder)) throw error;
    }
  }
  return epochs;
}

/** At once, for whoever reads epochs meanwhile. What a killed removal left goes too. */
export async function removeEpoch(root: string, { folder }: Pick<EpochFolder, 'folder'>): Promise<void> {
  await rename(folder, `${folder}${REMOVED}`);
  for (const name of (await readdir(root)).filter((each) => each.endsWith(REMOVED)))
    await rm(join(root, name), { recursive: true });
}

async function readEpoch(folder: string): Promise<EpochFolder> {
  const path = join(folder, DOCUMENT);
  const json = readJson(await readFile(path), {
    what: path,
    code: 'stateUnusable',
    hint: `look at it: cat '${path}'; it says which server the files beside it are of`,
  });
  const segments = (await readdir(folder)).filter((name) => segmentNumber(name) !== undefined);
  return {
    number: json.whole('number'),
    serverUuid: json.text('serverUuid'),
    startedAt: json.text('startedAt'),
    reason: json.text('reason'),
    missing: json.text('missing'),
    folder,
    segments: segments.toSorted((a, b) => (segmentNumber(a) ?? 0) - (segmentNumber(b) ?? 0)),
  };
}

export async function beginEpoch(
  root: string,
  begin: Pick<Epoch, 'serverUuid' | 'reason' | 'missing'>,
  nowMs: number,
): Promise<EpochFolder> {
  const number = ((await listEpochs(root)).at(-1)?.number ?? 0) + 1;
  const folder = join(root, String(number).padStart(6, '0'));
  const epoch: Epoch = { number, startedAt: isoTime(nowMs), ...begin };
  makeFolderWhole(folder, (making) => {
    writeNewFile(join(making, DOCUMENT), `${JSON.stringify(epoch, null, 2)}\n`, 0o600);
  });
  return { ...epoch, folder, segments: [] };
}
