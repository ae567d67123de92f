import { expect, test } from 'vitest';
import { type LogEpoch, planLogDrop } from '../../src/backup/log-retention.ts';
import type { Backup } from '../../src/backup/types.ts';
import { parseGtidSet } from '../../src/engine/mysql/gtid-set.ts';

const SERVER = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const OTHER = '4e11fa47-71ca-11e1-9e33-c80aa9429562';
const at = (hour: number): string => new Date(Date.UTC(2026, 10, 22, hour)).toISOString();

/** Begun at an hour, with transactions 1 to `held`. */
function backup(hour: number, held: number, change: Partial<Backup> = {}): Backup {
  return {
    id: `B${hour}`,
    engine: 'mysql',
    serverUuid: SERVER,
    serverVersion: '9.7.4',
    kind: 'full',
    method: 'online',
    from: '',
    to: `${SERVER}:1-${held}`,
    startedAt: at(hour),
    finishedAt: at(hour),
    sizeBytes: 1,
    plainSizeBytes: 1,
    copies: [],
    ...change,
  };
}

/** Files binlog.000001 and on, each beginning with what is said. */
function epoch(hour: number, begins: readonly number[], change: Partial<LogEpoch> = {}): LogEpoch {
  return {
    name: `E${hour}`,
    serverUuid: SERVER,
    startedAt: at(hour),
    lastAddedAt: at(23),
    files: begins.map((held, index) => ({
      name: `binlog.00000${index + 1}`,
      previous: parseGtidSet(held === 0 ? '' : `${SERVER}:1-${held}`),
    })),
    ...change,
  };
}

const dropped = (epochs: readonly LogEpoch[], kept: readonly Backup[]) =>
  planLogDrop(epochs, kept).map((drop) => [drop.epoch, drop.files.length, drop.isWhole]);

test('files go that lie wholly before what every kept backup holds', () => {
  expect(dropped([epoch(0, [0, 10, 20, 30])], [backup(1, 25), backup(2, 35)])).toEqual([['E0', 2, false]]);
});

test('one that begins exactly where a backup ends is not enough: restoring reads the one before', () => {
  expect(dropped([epoch(0, [0, 10, 20])], [backup(1, 20)])).toEqual([['E0', 1, false]]);
});

test('the newest file stays, whatever the backups hold', () => {
  expect(dropped([epoch(0, [0, 10])], [backup(1, 99)])).toEqual([['E0', 1, false]]);
  expect(dropped([epoch(0, [0])], [backup(1, 99)])).toEqual([]);
});

test('without a kept backup that says what it holds, nothing goes', () => {
  const log = [epoch(0, [0, 10, 20]), epoch(5, [0, 10])];
  expect(dropped(log, [])).toEqual([]);
  expect(dropped(log, [backup(9, 99, { method: 'cold' })])).toEqual([]);
});

test('what cannot be read of a file keeps the ones before it', () => {
  const log = epoch(0, [0, 10, 20]);
  const files = log.files.map((file, index) => (index === 0 ? file : { ...file, previous: null }));
  expect(dropped([{ ...log, files }], [backup(1, 99)])).toEqual([]);
});

test('an older epoch goes whole once every kept backup was begun after the next one was', () => {
  const old = epoch(0, [0, 10], { lastAddedAt: at(2) });
  const next = epoch(3, [0]);
  expect(dropped([next, old], [backup(4, 50)])).toEqual([['E0', 2, true]]);
  expect(dropped([next, old], [backup(2, 5), backup(4, 50)])).toEqual([]);
});

test('an epoch that something is still added to stays, and the newest one always', () => {
  expect(dropped([epoch(0, [0]), epoch(3, [0])], [backup(4, 50)])).toEqual([]);
  expect(dropped([epoch(0, [0], { lastAddedAt: at(0) })], [backup(4, 50)])).toEqual([]);
});

test("another server's backups say nothing of a log", () => {
  const kept = [backup(4, 50, { serverUuid: OTHER })];
  expect(dropped([epoch(3, [0, 10, 20])], kept)).toEqual([]);
});
