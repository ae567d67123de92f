import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SftpSettings, sftpStore } from '../../src/store/sftp.ts';
import type { Store } from '../../src/store/store.ts';
import { storeContract } from '../contract/store.ts';
import { SSHD_ABSENT, type SshServer, startSshd } from '../fixtures/sshd.ts';

const SUBSYSTEM = 'Subsystem sftp internal-sftp';

function storeOn(server: SshServer, differently: Partial<SftpSettings> = {}): Store {
  return sftpStore({
    name: 'vault',
    target: server.target(),
    root: join(server.folder, 'copies'),
    offsite: false,
    ...differently,
  });
}

describe.skipIf(SSHD_ABSENT !== undefined)('copies on another host', () => {
  storeContract('sftp', async () => {
    const server = await startSshd([SUBSYSTEM]);
    const store = storeOn(server);
    return {
      store,
      everything: async () => (await readdir(join(server.folder, 'copies'), { recursive: true })).sort(),
      dispose: async () => {
        await store.close();
        await server.stop();
      },
    };
  });

  let server: SshServer;
  let store: Store;
  beforeAll(async () => {
    server = await startSshd([SUBSYSTEM]);
    store = storeOn(server);
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  test('files are 0600 and folders 0700', async () => {
    await store.put('a/b', Buffer.from('x'));
    const mode = async (path: string) => (await stat(join(server.folder, 'copies', path))).mode & 0o777;
    expect([await mode(''), await mode('a'), await mode('a/b')]).toEqual([0o700, 0o700, 0o600]);
  });

  test('an object of many packets comes back byte for byte', async () => {
    const bytes = Buffer.alloc(5 * 1024 * 1024 + 7, 'copy of a backup ');
    await store.put('large', bytes);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await store.get('large')) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('sweep removes what a killed writer left, and the last object takes its folder along', async () => {
    await store.put('sweep/whole', Buffer.from('x'));
    await writeFile(join(server.folder, 'copies/sweep/whole.0123.part'), 'half');
    expect((await store.list('sweep/')).map(({ key }) => key)).toEqual(['sweep/whole']);
    expect(await store.sweep('sweep/')).toBe(1);
    await store.delete('sweep/whole');
    expect(await readdir(join(server.folder, 'copies'))).not.toContain('sweep');
  });

  test('a connection that was lost is made anew by the next request', async () => {
    await store.put('kept', Buffer.from('x'));
    await server.kill();
    await server.restart();
    await expect
      .poll(() => store.head('kept').catch(() => undefined), { timeout: 10_000 })
      .toMatchObject({ sizeBytes: 1 });
  });

  test('a host without SFTP, and one that is away, are one clear error each', async () => {
    const bare = await startSshd();
    const without = storeOn(bare);
    try {
      await expect(without.head('a')).rejects.toMatchObject({ code: 'hostUnreachable' });
    } finally {
      await without.close();
      await bare.stop();
    }
    const away = storeOn(server, { target: server.target({ port: 1 }) });
    await expect(away.head('a')).rejects.toMatchObject({ code: 'hostUnreachable' });
    await away.close();
  });

  test('a folder that the user may not write is one clear error', async () => {
    const elsewhere = storeOn(server, { root: '/proc/copies' });
    await expect(elsewhere.put('a', Buffer.from('x'))).rejects.toMatchObject({
      code: expect.stringMatching(/stateUnusable|accessDenied|notFound/),
    });
    await elsewhere.close();
  });
});
