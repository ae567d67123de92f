import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { template } from '../../../src/provision/templates.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';

let root: string;
beforeEach(() => {
  root = temporaryFolder();
  for (const folder of ['run/ompay', 'var/lib/ompay']) mkdirSync(join(root, folder), { recursive: true });
});

function boot() {
  const script = template('systemd/live.sh').replaceAll(/\/(run|var|etc)\//g, `${root}/$1/`);
  return spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' });
}

test('after a start of the host nginx finds the slot that was live', () => {
  symlinkSync('green', join(root, 'var/lib/ompay/live'));
  expect(boot()).toMatchObject({ status: 0, stderr: '' });
  expect(readlinkSync(join(root, 'run/ompay/current.sock'))).toBe('green.sock');
});

test('a link that is there already is newer than the note', () => {
  symlinkSync('green', join(root, 'var/lib/ompay/live'));
  symlinkSync('blue.sock', join(root, 'run/ompay/current.sock'));
  expect(boot().status).toBe(0);
  expect(readlinkSync(join(root, 'run/ompay/current.sock'))).toBe('blue.sock');
});

test('a note that names no slot is refused', () => {
  symlinkSync('../../etc', join(root, 'var/lib/ompay/live'));
  expect(boot()).toMatchObject({ status: 1, stderr: expect.stringContaining('names no slot') });
});
