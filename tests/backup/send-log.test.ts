import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { planLogPrune } from '../../src/backup/prune-log.ts';
import { LogSender } from '../../src/backup/send-log.ts';
import type { Backup } from '../../src/backup/types.ts';
import { parseGtidSet } from '../../src/engine/mysql/gtid-set.ts';
import { sentLog } from '../../src/restore/sent-log.ts';
import { directoryStore } from '../../src/store/directory.ts';
import { generateAgeKey } from '../../src/store/repository/age.ts';
import { listChunks, logPrefix } from '../../src/store/repository/log.ts';
import { collect } from '../../src/store/repository/meter.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const SERVER = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const REPOSITORY = `staging/mysql-${SERVER}/`;
const NEVER = new AbortController().signal;

/** The beginning of a file of MySQL's log: what was committed before it, transactions 1 to `held`. */
function beginning(held: number): Buffer {
  const body = Buffer.alloc(held === 0 ? 8 : 48);
  if (held > 0) {
    body.writeBigUInt64LE(1n, 0);
    Buffer.from(SERVER.replaceAll('-', ''), 'hex').copy(body, 8);
    body.writeBigUInt64LE(1n, 24);
    body.writeBigUInt64LE(1n, 32);
    body.writeBigUInt64LE(BigInt(held) + 1n, 40);
  }
  const head = Buffer.alloc(19);
  const sizeBytes = head.length + body.length + 4;
  head.writeUInt8(35, 4);
  head.writeUInt32LE(sizeBytes, 9);
  head.writeUInt32LE(4 + sizeBytes, 13);
  const event = Buffer.concat([head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(event), 0);
  return Buffer.concat([Buffer.from([0xfe, 0x62, 0x69, 0x6e]), event, checksum]);
}

async function received() {
  const folder = temporaryFolder();
  const root = join(folder, 'received');
  const epoch = join(root, '000001');
  mkdirSync(epoch, { recursive: true });
  const said = {
    number: 1,
    serverUuid: SERVER,
    startedAt: '2026-11-22T00:00:00.000Z',
    reason: '',
    missing: '',
  };
  writeFileSync(join(epoch, 'epoch.json'), JSON.stringify(said));
  for (const [index, held] of [0, 10, 20].entries())
    writeFileSync(join(epoch, `binlog.00000${index + 1}`), beginning(held));
  const store = directoryStore({ name: 'disk', root: join(folder, 'store'), offsite: false });
  const { privateKey: signingKey, publicKey: verificationKey } = generateKeyPairSync('ed25519');
  const { recipient, identity } = await generateAgeKey();
  const recipients = [{ name: 'operations', recipient }];
  const deps = { site: 'staging', stores: [store], recipients, signingKey, verificationKey };
  const open = () =>
    sentLog({
      site: 'staging',
      store,
      verificationKey,
      identities: [identity],
      folder: join(folder, 'fetched'),
    }).open(SERVER, parseGtidSet(`${SERVER}:1-5`));
  return { root, epoch, store, deps, open };
}

test('the chunks of a closed file become one object; what is fetched is what was received', async () => {
  const { root, epoch, store, deps, open } = await received();
  const sender = new LogSender(deps, root);
  for (const text of ['one', 'two', 'three']) {
    for (const file of ['binlog.000001', 'binlog.000003']) await appendFile(join(epoch, file), text);
    expect(await sender.round(NEVER)).toEqual([]);
  }
  expect(await listChunks(store, REPOSITORY)).toHaveLength(7);
  expect(await sender.merge(NEVER)).toEqual({ failures: [] });
  const left = await listChunks(store, REPOSITORY);
  expect(left.map(({ file }) => file)).toEqual([
    'binlog.000001',
    'binlog.000002',
    ...Array(3).fill('binlog.000003'),
  ]);
  expect(await store.list(logPrefix(REPOSITORY))).toHaveLength(10);

  const again = new LogSender(deps, root);
  expect(await again.round(NEVER)).toEqual([]);
  expect(await again.merge(NEVER)).toEqual({ failures: [] });
  expect(await listChunks(store, REPOSITORY)).toEqual(left);
  const [fetched] = await open();
  expect(fetched?.epoch.segments).toEqual(['binlog.000001', 'binlog.000002', 'binlog.000003']);
  for (const name of fetched?.epoch.segments ?? [])
    expect(await readFile(join(fetched?.epoch.folder ?? '', name))).toEqual(
      await readFile(join(epoch, name)),
    );
});

test('of two chunks that a killed merging left, the longer one counts, and the next merging ends it', async () => {
  const { root, epoch, store, deps, open } = await received();
  const refusing = { ...store, delete: () => Promise.reject(new Error('removing is forbidden')) };
  const sender = new LogSender({ ...deps, stores: [refusing] }, root);
  await sender.round(NEVER);
  await appendFile(join(epoch, 'binlog.000001'), 'more');
  await sender.round(NEVER);
  expect((await sender.merge(NEVER)).failures).toHaveLength(1);
  expect(await listChunks(store, REPOSITORY)).toHaveLength(5);
  const [fetched] = await open();
  expect(await readFile(join(fetched?.epoch.folder ?? '', 'binlog.000001'))).toEqual(
    await readFile(join(epoch, 'binlog.000001')),
  );
  const next = new LogSender(deps, root);
  await next.round(NEVER);
  expect(await next.merge(NEVER)).toEqual({ failures: [] });
  expect(await listChunks(store, REPOSITORY)).toHaveLength(3);
});

test('a chunk that was changed is refused', async () => {
  const { root, store, deps, open } = await received();
  await new LogSender(deps, root).round(NEVER);
  const [{ key } = { key: '' }] = (await store.list(logPrefix(REPOSITORY))).filter((each) =>
    each.key.endsWith('.age'),
  );
  const bytes = Buffer.from(await collect(await store.get(key), 1024 * 1024));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await store.put(key, bytes);
  await expect(open()).rejects.toMatchObject({ code: 'backupDamaged' });
});

test('what no kept backup needs goes from the stores and from the receiver', async () => {
  const { root, epoch, store, deps } = await received();
  await new LogSender(deps, root).round(NEVER);
  const at = '2026-11-22T06:00:00.000Z';
  const kept: Backup = {
    id: 'B',
    engine: 'mysql',
    serverUuid: SERVER,
    serverVersion: '9.7.4',
    kind: 'full',
    method: 'online',
    from: '',
    to: `${SERVER}:1-15`,
    startedAt: at,
    finishedAt: at,
    sizeBytes: 1,
    plainSizeBytes: 1,
    copies: [],
  };
  const { prunings, failures } = await planLogPrune(deps, [kept], root);
  expect(failures).toEqual([]);
  expect(prunings.map(({ place, files }) => [place, files])).toEqual([
    ['disk', ['binlog.000001']],
    [root, ['binlog.000001']],
  ]);
  expect(await listChunks(store, REPOSITORY)).toHaveLength(3);
  for (const { remove } of prunings) await remove();
  expect((await listChunks(store, REPOSITORY)).map(({ file }) => file)).toEqual([
    'binlog.000002',
    'binlog.000003',
  ]);
  expect((await readdir(epoch)).toSorted()).toEqual(['binlog.000002', 'binlog.000003', 'epoch.json']);
  expect((await planLogPrune(deps, [kept], root)).prunings).toEqual([]);
  // The receiver's process, started anew, does not send what is gone.
  await new LogSender(deps, root).round(NEVER);
  expect(await listChunks(store, REPOSITORY)).toHaveLength(2);
});
