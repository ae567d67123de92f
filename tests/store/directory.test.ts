import { execFileSync } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryStore } from '../../src/store/directory.ts';
import type { Store } from '../../src/store/store.ts';
import { storeContract } from '../contract/store.ts';
import { removeFolder, temporaryFolder } from '../fixtures/pglite.ts';

storeContract('a directory', async () => {
  const folder = await temporaryFolder();
  return {
    store: directoryIn(folder),
    everything: async () => (await readdir(folder, { recursive: true })).sort(),
    dispose: () => removeFolder(folder),
  };
});

function directoryIn(root: string): Store {
  return directoryStore({ name: 'disk', root, offsite: false });
}

describe('a directory of copies', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => removeFolder(folder));

  test('files are 0600 and folders 0700', async () => {
    await directoryIn(join(folder, 'root')).put('a/b', Buffer.from('x'));
    const mode = async (path: string) => (await stat(join(folder, path))).mode & 0o777;
    expect([await mode('root'), await mode('root/a'), await mode('root/a/b')]).toEqual([0o700, 0o700, 0o600]);
  });

  test('sweep removes what a killed writer left under the prefix, and only that', async () => {
    const store = directoryIn(folder);
    await store.put('a/whole', Buffer.from('x'));
    await store.put('b/whole', Buffer.from('x'));
    await writeFile(join(folder, 'a/whole.0123.part'), 'half');
    await writeFile(join(folder, 'b/whole.0123.part'), 'half');
    expect(await store.list('a/')).toHaveLength(1);
    expect(await store.sweep('a/')).toBe(1);
    expect(await readdir(folder, { recursive: true })).toEqual(
      expect.arrayContaining(['a/whole', 'b/whole', 'b/whole.0123.part']),
    );
    expect(await readdir(join(folder, 'a'))).toEqual(['whole']);
    expect(await store.sweep('b/')).toBe(1);
  });

  test('sweep leaves no empty folder of an object that never was', async () => {
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await writeFile(join(folder, 'a/b/data.0123.part'), 'half');
    await directoryIn(folder).sweep('a/');
    expect(await readdir(folder)).toEqual([]);
  });

  test('the last object of a folder takes the folder along', async () => {
    const store = directoryIn(folder);
    await store.put('a/b/c', Buffer.from('x'));
    await store.delete('a/b/c');
    expect(await readdir(folder)).toEqual([]);
  });

  test('a full disk is one clear error and leaves nothing', async (context) => {
    const disk = mountDisk(folder, 'size=256k');
    if (disk === undefined) return context.skip('mounting a small disk needs root');
    try {
      const store = directoryIn(join(folder, 'disk'));
      const before = await readdir(join(folder, 'disk'), { recursive: true });
      const put = store.put('large', Buffer.alloc(1024 * 1024));
      await expect(put).rejects.toMatchObject({
        code: 'stateUnusable',
        message: expect.stringContaining('no space is left'),
        hint: expect.stringContaining('df -h'),
      });
      expect(await readdir(join(folder, 'disk'), { recursive: true })).toEqual(before);
    } finally {
      disk.unmount();
    }
  });

  test('a read-only disk is one clear error', async (context) => {
    const disk = mountDisk(folder, 'size=256k,ro');
    if (disk === undefined) return context.skip('mounting a read-only disk needs root');
    try {
      await expect(directoryIn(join(folder, 'disk')).put('a', Buffer.from('x'))).rejects.toMatchObject({
        code: 'stateUnusable',
        message: expect.stringContaining('its disk is read-only'),
      });
    } finally {
      disk.unmount();
    }
  });
});

/** A disk of its own at `folder`/disk; undefined where this user may not mount. */
function mountDisk(folder: string, options: string): { unmount: () => void } | undefined {
  const point = join(folder, 'disk');
  try {
    execFileSync('mkdir', [point]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', point], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { unmount: () => execFileSync('umount', [point]) };
}
