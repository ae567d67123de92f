import { execFileSync, spawn } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type CopiedProject, copiedProject } from '../../fixtures/copied-project.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { MOTO_ABSENT } from '../../fixtures/moto.ts';
import { mysqlClient } from '../../fixtures/servers/mysql.ts';
import { serversProject } from '../../fixtures/servers-project.ts';

const ABSENT = MYSQL.absent ?? MOTO_ABSENT;
if (ABSENT !== undefined) process.stderr.write(`skipped: bad days of backups: ${ABSENT}\n`);
const SLOWLY = { timeoutMs: 180_000 };
const STORES = ['this-disk', 'directory', 's3'] as const;

describe.skipIf(ABSENT !== undefined)('three copies of a MySQL', { timeout: 400_000 }, () => {
  test('of which any two are destroyed: the third gives it back, and makes three again', async () => {
    const project = await copiedProject();
    expect(await project.run(['backup', 'create', '-e', 'staging'], SLOWLY)).toMatchObject({ exitCode: 0 });
    for (const kept of STORES) {
      for (const lost of STORES) if (lost !== kept) await destroy(project, lost);
      const into = join(project.root, `from-${kept}`);
      const restored = await project.run(['restore', '-e', 'staging', '--into', into], SLOWLY);
      expect(restored.stdout).toContain(`(from ${kept}, `);
      expect(restored.stdout).toContain('13 checks');
      expect(await project.run(['backup', 'heal', '-e', 'staging'], SLOWLY)).toMatchObject({ exitCode: 0 });
      const status = await project.run(['backup', 'status', '-e', 'staging', '--json']);
      expect(JSON.parse(status.stdout)).toMatchObject({ is321: true });
    }
  });

  test('of which one is locked: who has all of this machine but the keys reads and removes nothing there', async () => {
    const project = await copiedProject(40);
    expect(await project.run(['backup', 'create', '-e', 'staging'], SLOWLY)).toMatchObject({ exitCode: 0 });
    const before = new Date();
    const locked = await versionsIn(project);
    expect(locked.length).toBeGreaterThan(5);
    for (const { Key, VersionId } of locked) {
      const object = { Bucket: 'copies', Key, VersionId };
      // Its lock cannot be made shorter either; moto does not know that, so it is not tried.
      for (const how of [{}, { BypassGovernanceRetention: true }])
        await expect(
          project.moto.client.send(new DeleteObjectCommand({ ...object, ...how })),
        ).rejects.toThrow();
    }
    // S3 tells times in whole seconds, so the attack is in another one.
    await expect.poll(() => Date.now() - before.getTime()).toBeGreaterThan(1000);
    // What it can do: other versions over them, and marks of deletion.
    for (const { Key } of locked) {
      await project.moto.client.send(new PutObjectCommand({ Bucket: 'copies', Key, Body: 'gone' }));
      await project.moto.client.send(new DeleteObjectCommand({ Bucket: 'copies', Key }));
    }
    for (const lost of ['this-disk', 'directory'] as const) await destroy(project, lost);
    const away = join(project.root, '.ompay/keys');
    cpSync(away, join(project.root, 'escrowed'), { recursive: true });
    rmSync(away, { recursive: true });
    const words = ['restore', '-e', 'staging', '--from', 's3', '--as-of', before.toISOString(), '--into'];
    const thief = await project.run([...words, join(project.root, 'stolen')], SLOWLY);
    expect(thief.exitCode).not.toBe(0);
    expect(existsSync(join(project.root, 'stolen'))).toBe(false);
    rmSync(away, { recursive: true });
    cpSync(join(project.root, 'escrowed'), away, { recursive: true });
    const owner = await project.run([...words, join(project.root, 'back')], SLOWLY);
    expect(owner).toMatchObject({ stderr: '', stdout: expect.stringContaining('(from s3, ') });
  });

  test('of which one and a key are left: one command proves it, and so do the stock tools', async () => {
    const project = await copiedProject();
    expect(await project.run(['backup', 'create', '-e', 'staging'], SLOWLY)).toMatchObject({ exitCode: 0 });
    const bare = await serversProject();
    const [repository, key] = [join(bare.root, 'copy'), join(bare.root, 'escrow.agekey')];
    cpSync(project.disk, repository, { recursive: true });
    cpSync(join(project.root, '.ompay/keys/backup-escrow.agekey'), key);
    rmSync(join(bare.root, 'ompay.yml'));
    const options = { ...SLOWLY, variables: { BACKUP_MYSQLD: project.mysqld } };
    const restore = (...words: readonly string[]) =>
      bare.run(['restore', '--repository', repository, ...words], options);
    const signer = signerOf(project);
    const into = join(bare.root, 'restored');
    const restored = await restore('--key', key, '--into', into);
    expect(restored).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`! signed by ${signer}, `),
    });
    expect(restored.stdout).toMatch(/13 checks/);
    const pinned = await restore('--key', key, '--signer', signer, '--into', `${into}-2`);
    expect(pinned).toMatchObject({ exitCode: 0, stderr: '' });

    const other = 'f'.repeat(64);
    expect(await restore('--key', key, '--signer', other, '--into', `${into}-3`)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(`says that its signer is ${signer}, not ${other}`),
    });
    expect(await restore('--key', bare.keyPath, '--into', `${into}-3`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('key'),
    });
    expect(await restore('--into', `${into}-3`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--key is missing'),
    });
    expect(
      readdirSync(bare.root)
        .filter((name) => name.startsWith('restored'))
        .toSorted(),
    ).toEqual(['restored', 'restored-2']);
    await opensByStockTools(project, repository, key);
  });
});

async function destroy({ root, disk, moto }: CopiedProject, store: (typeof STORES)[number]): Promise<void> {
  if (store !== 's3') {
    const folder = store === 'directory' ? disk : join(root, '.ompay/backups');
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    return;
  }
  for (const Key of await moto.everything('copies'))
    await moto.client.send(new DeleteObjectCommand({ Bucket: 'copies', Key }));
}

async function versionsIn({ moto }: CopiedProject) {
  const { Versions = [] } = await moto.client.send(new ListObjectVersionsCommand({ Bucket: 'copies' }));
  return Versions.map(({ Key = '', VersionId = '' }) => ({ Key, VersionId }));
}

function signerOf({ root }: CopiedProject): string {
  const pem = readFileSync(join(root, '.ompay/keys/journal-ed25519.pub.pem'));
  return createHash('sha256')
    .update(createPublicKey(pem).export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** The commands of RESTORE.md as they stand, but for the places. */
async function opensByStockTools({ mysqld }: CopiedProject, repository: string, key: string): Promise<void> {
  const found = readdirSync(repository, { recursive: true, encoding: 'utf8' });
  const guide = join(repository, found.find((name) => name.endsWith('RESTORE.md')) ?? '');
  const socket = join(repository, 'restored.sock');
  const [open = '', start = ''] = [...readFileSync(guide, 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(
    ([, block = '']) =>
      block.replaceAll('KEY', key).replaceAll('FOLDER', 'opened').replaceAll('/tmp/restored.sock', socket),
  );
  const env = { ...process.env, PATH: `${dirname(mysqld)}:${process.env.PATH}` };
  const options = { cwd: dirname(guide), env } as const;
  execFileSync('bash', ['-o', 'pipefail', '-ec', open], { ...options, stdio: 'pipe' });
  const server = spawn('bash', ['-ec', `exec ${start.trim()}`], { ...options, stdio: 'ignore' });
  onTestFinished(() => {
    server.kill('SIGKILL');
  });
  const [client, ...words] = mysqlClient('mysql');
  const ask = (): string =>
    execFileSync(
      client,
      [...words, `--socket=${socket}`, '-NBe', 'select sum(amount) from ompay.transfers'],
      {
        encoding: 'utf8',
        stdio: 'pipe',
      },
    );
  await expect.poll(() => attempted(ask), { timeout: 60_000 }).toBe('3\n');
}

function attempted(work: () => string): string {
  try {
    return work();
  } catch {
    return '';
  }
}
