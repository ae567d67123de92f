import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureBackupKeys, keyPath } from '../../../src/backup/keys.ts';
import type { ArchiveEntry } from '../../../src/core/archive.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { generateAgeKey } from '../../../src/store/repository/age.ts';
import { collect } from '../../../src/store/repository/meter.ts';
import { openPayload, type PayloadDigest, sealPayload } from '../../../src/store/repository/payload.ts';
import { extractTar, inspectTar } from '../../../src/store/repository/tar.ts';
import { removeFolder, temporaryFolder } from '../../fixtures/pglite.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => removeFolder(folder));

const LONG_NAME = `${'deep/'.repeat(40)}name`;
const NOISE = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * index * 31) % 251));

async function* entries(): AsyncGenerator<ArchiveEntry> {
  yield { kind: 'folder', path: 'empty', modifiedAtMs: 0 };
  yield file('small', Buffer.from('one page'));
  yield file('empty-file', Buffer.alloc(0));
  yield { ...file('large', NOISE), content: Readable.from([NOISE.subarray(0, 5), NOISE.subarray(5)]) };
  yield file(LONG_NAME, Buffer.from('long'));
}

function file(path: string, content: Uint8Array): Extract<ArchiveEntry, { kind: 'file' }> {
  return { kind: 'file', path, modifiedAtMs: 1_000_000, sizeBytes: content.length, content };
}

interface Sealed extends PayloadDigest {
  readonly written: Uint8Array;
}

async function seal(source: AsyncIterable<ArchiveEntry> = entries()) {
  const keys = await ensureBackupKeys(join(folder, 'keys'), systemClock);
  const sealed = await sealPayload(source, keys, (cipher) => collect(cipher, 10_000_000));
  return { keys, sealed };
}

function unseal(sealed: Sealed, bytes: Uint8Array, keys: Awaited<ReturnType<typeof seal>>['keys']) {
  return openPayload(Readable.from([bytes]), { ...keys, expected: sealed }, inspectTar);
}

test('what was sealed is opened, by operations and by escrow alike', async () => {
  const { keys, sealed } = await seal();
  const escrow = await readFile(keyPath(join(folder, 'keys'), 'escrow'), 'utf8');
  expect(escrow).toContain(`# public key: ${keys.recipients[1]?.recipient}`);
  const into = join(folder, 'out');
  await mkdir(into);
  await openPayload(Readable.from([sealed.written]), { ...keys, expected: sealed }, (tar) =>
    extractTar(tar, into),
  );
  expect(await readFile(join(into, 'large'))).toEqual(NOISE);
  expect(await readFile(join(into, LONG_NAME), 'utf8')).toBe('long');
  expect(await readFile(join(into, 'empty-file'), 'utf8')).toBe('');
  expect(await readdir(join(into, 'empty'))).toEqual([]);
});

test('stock age, zstd and tar open it with either key', async (context) => {
  for (const program of ['age', 'zstd', 'tar']) {
    if (spawnSync(program, ['--version']).error !== undefined)
      return context.skip(`${program} is not installed`);
  }
  const { sealed } = await seal();
  await writeFile(join(folder, 'data.tar.zst.age'), sealed.written);
  for (const name of ['operations', 'escrow'] as const) {
    const key = keyPath(join(folder, 'keys'), name);
    const line = `mkdir ${name} && age -d -i ${key} data.tar.zst.age | zstd -d | tar x -C ${name}`;
    const run = spawnSync('bash', ['-o', 'pipefail', '-ec', line], { cwd: folder, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(await readFile(join(folder, name, 'large'))).toEqual(NOISE);
    expect(await readFile(join(folder, name, LONG_NAME), 'utf8')).toBe('long');
  }
});

test('a flipped byte is found wherever it is', async () => {
  const { keys, sealed } = await seal();
  const { length } = sealed.written;
  for (const offset of [40, 250, 700, Math.floor(length / 2), length - 1]) {
    const bytes = Buffer.from(sealed.written);
    bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
    await expect(unseal(sealed, bytes, keys), `byte ${offset}`).rejects.toMatchObject({
      code: 'backupDamaged',
    });
  }
});

test('a payload that is cut or longer is found', async () => {
  const { keys, sealed } = await seal();
  const { written } = sealed;
  for (const bytes of [written.subarray(0, -1), written.subarray(0, -70_000), new Uint8Array(0)]) {
    await expect(unseal(sealed, bytes, keys)).rejects.toMatchObject({ code: 'backupDamaged' });
  }
  const longer = Buffer.concat([written, Buffer.from('x')]);
  await expect(unseal(sealed, longer, keys)).rejects.toMatchObject({ code: 'backupDamaged' });
});

test('another payload for the same key is not taken for this one', async () => {
  const { sealed, keys } = await seal();
  const other = await seal(
    (async function* () {
      yield file('other', Buffer.from('x'));
    })(),
  );
  await expect(unseal(sealed, other.sealed.written, keys)).rejects.toMatchObject({
    code: 'backupDamaged',
    message: expect.stringContaining('SHA-256'),
  });
});

test('both recorded hashes are checked, of the stored bytes and of the archive inside', async () => {
  const { sealed, keys } = await seal();
  const wrong = { sizeBytes: 1, sha256: '0'.repeat(64) };
  for (const [change, told] of [
    [{ cipher: wrong }, 'the encrypted payload has'],
    [{ plain: wrong }, 'the archive inside the payload has'],
  ] as const) {
    await expect(unseal({ ...sealed, ...change }, sealed.written, keys)).rejects.toMatchObject({
      code: 'backupDamaged',
      message: expect.stringContaining(told),
    });
  }
});

test('a key that is not a recipient is named, and the private key is not', async () => {
  const { sealed, keys } = await seal();
  const stranger = await generateAgeKey();
  const opened = unseal(sealed, sealed.written, { ...keys, identity: stranger.identity });
  const error = await opened.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    code: 'configInvalid',
    message: expect.stringContaining(stranger.recipient),
  });
  expect(String(error)).not.toContain(stranger.identity.reveal());
});

test('a source that fails in the middle fails the seal', async () => {
  async function* failing(): AsyncGenerator<ArchiveEntry> {
    yield file('first', Buffer.from('x'));
    throw new Error('the disk is gone');
  }
  await expect(seal(failing())).rejects.toThrow('the disk is gone');
});

test('a file that yields less than it promised fails the seal', async () => {
  async function* short(): AsyncGenerator<ArchiveEntry> {
    yield { ...file('short', Buffer.alloc(10)), content: Readable.from([Buffer.alloc(9)]) };
  }
  await expect(seal(short())).rejects.toThrow();
});

test('an archive that would write outside its folder is refused', async () => {
  for (const path of ['../outside', 'a/../../outside', '/etc/outside']) {
    const { keys, sealed } = await seal(
      (async function* () {
        yield file(path, Buffer.from('x'));
      })(),
    );
    const into = join(folder, 'in', 'here');
    await mkdir(into, { recursive: true });
    await expect(
      openPayload(Readable.from([sealed.written]), { ...keys, expected: sealed }, (tar) =>
        extractTar(tar, into),
      ),
    ).rejects.toMatchObject({ code: 'backupDamaged', message: expect.stringContaining('outside') });
    expect(await readdir(join(folder, 'in'))).toEqual(['here']);
  }
});
