import { expect, test } from 'vitest';
import { serverId } from '../../../src/provision/data/database.ts';
import {
  connectionsFor,
  mysqlSizes,
  postgresqlSizes,
  redisMaxMemoryMb,
} from '../../../src/provision/data/sizes.ts';

const GB = 1024;
const room = (memoryMb: number, isShared = false) => ({ memoryMb, isShared, connections: 100 });

test('the sizes of common hosts', () => {
  const rows = [0.5, 1, 2, 4, 8, 16, 32, 64, 128].map((gb) => {
    const { bufferPoolMb, redoLogMb } = mysqlSizes(room(gb * GB));
    const { sharedBuffersMb, workMb, maxWalMb } = postgresqlSizes(room(gb * GB));
    return `${gb} GB: ${bufferPoolMb} ${redoLogMb} | ${sharedBuffersMb} ${workMb} ${maxWalMb} | ${redisMaxMemoryMb(room(gb * GB))}`;
  });
  expect(rows).toEqual([
    '0.5 GB: 128 128 | 128 1 1024 | 256',
    '1 GB: 256 128 | 256 2 1024 | 512',
    '2 GB: 896 224 | 512 5 1024 | 1024',
    '4 GB: 2304 576 | 1024 10 2048 | 2048',
    '8 GB: 4992 1248 | 2048 20 4096 | 4096',
    '16 GB: 10496 2624 | 4096 40 8192 | 8192',
    '32 GB: 21376 4096 | 8192 64 8192 | 16384',
    '64 GB: 43264 4096 | 16384 64 8192 | 32768',
    '128 GB: 86912 4096 | 16384 64 8192 | 65536',
  ]);
});

test.each([1, 2, 3.5, 8, 24, 96])('with %f GB, nothing may take more than there is', (gb) => {
  const { bufferPoolMb, connections } = mysqlSizes(room(gb * GB));
  expect(bufferPoolMb + connections * 2).toBeLessThan(gb * GB * 0.9);
  const postgresql = postgresqlSizes(room(gb * GB));
  expect(postgresql.sharedBuffersMb + postgresql.connections * postgresql.workMb).toBeLessThan(gb * GB * 0.7);
});

test('a host that serves in other roles too gives less to each', () => {
  expect(mysqlSizes(room(8 * GB, true)).bufferPoolMb).toBeLessThan(mysqlSizes(room(8 * GB)).bufferPoolMb / 2);
  expect(redisMaxMemoryMb(room(8 * GB, true))).toBe(1024);
  expect(postgresqlSizes(room(8 * GB, true)).sharedBuffersMb).toBe(1024);
});

test('all pools of all web hosts find a connection, also while a release is switched', () => {
  expect(connectionsFor({ webHosts: 10, poolSize: 20 })).toBe(630);
  expect(connectionsFor({ webHosts: 1, poolSize: 10 })).toBe(100);
});

test("a server's id comes of its address", () => {
  expect(serverId('10.77.132.13')).toBe(172_852_237);
  expect(serverId('fd00::12')).not.toBe(serverId('fd00::13'));
});
