import type { KeyObject } from 'node:crypto';
import { isoTime } from '../core/clock.ts';
import { ulid } from '../core/ids.ts';
import { collect } from '../store/repository/meter.ts';
import { drillKey, drillsPrefix } from '../store/repository/paths.ts';
import { openRecord, sealRecord } from '../store/repository/record.ts';
import type { Store } from '../store/store.ts';

const MAX_DRILL_BYTES = 64 * 1024;

/** One look at one copy, signed and kept in its store. */
export interface Drill {
  readonly backup: string;
  readonly at: string;
  /** 0 to 4, as in docs/backup.md. */
  readonly level: number;
  readonly passed: boolean;
  /** Empty when it passed. */
  readonly problem: string;
  readonly tookMs: number;
}

export async function recordDrill(
  store: Store,
  repository: string,
  drill: Omit<Drill, 'at'>,
  keys: { readonly signingKey: KeyObject; readonly nowMs: number },
): Promise<void> {
  const key = drillKey(repository, { id: ulid(keys.nowMs), atMs: keys.nowMs });
  const record = sealRecord({ version: 1, at: isoTime(keys.nowMs), ...drill }, keys.signingKey);
  await store.put(key, record.bytes, { ifAbsent: true });
}

/** Oldest first. Throws `backupDamaged` when one was changed or is not ours. */
export async function readDrills(
  store: Store,
  repository: string,
  verificationKey: KeyObject,
): Promise<readonly Drill[]> {
  const drills: Drill[] = [];
  for (const { key } of await store.list(drillsPrefix(repository))) {
    const bytes = await collect(await store.get(key), MAX_DRILL_BYTES);
    const { content } = openRecord(bytes, verificationKey, key);
    drills.push({
      backup: content.text('backup'),
      at: content.text('at'),
      level: content.whole('level'),
      passed: content.flag('passed'),
      problem: content.text('problem'),
      tookMs: content.whole('tookMs'),
    });
  }
  return drills;
}
