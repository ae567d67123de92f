import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labAbsent, type TestLab, testLab } from '../fixtures/lab.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no lab is made: ${absent}\n`);

const HOSTS = ['--hosts', 'web1,db1'];
/** Each step of a first `up` that makes something on the machine. */
const STEPS = [
  'keep',
  'keys',
  'bridge',
  'relay-1',
  'cable-web1',
  'disk-web1',
  'boot-web1',
  'cable-db1',
  'boot-db1',
  'ssh-db1',
  'describe',
];

describe.skipIf(absent !== undefined)('a lab whose making was disturbed', () => {
  let lab: TestLab;

  beforeEach(() => {
    lab = testLab();
  });

  afterEach(() => {
    lab.end();
  });

  test.each(STEPS)('killed at %s: down leaves nothing', async (step) => {
    expect(await lab.endedAt(step, 'SIGKILL', HOSTS)).toBe('SIGKILL');
    expect(lab.ompay('lab', 'down').exitCode).toBe(0);
    expect(lab.left()).toEqual([]);
    expect(lab.ompay('lab', 'down')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('killed in the middle, it is made whole by the next up', async () => {
    expect(await lab.endedAt('boot-db1', 'SIGKILL', HOSTS)).toBe('SIGKILL');
    expect(lab.ompay('lab', 'up').exitCode).toBe(0);
    expect(lab.ompay('lab', 'status').exitCode).toBe(0);
    expect(lab.ssh('db1', 'hostname')).toMatchObject({ exitCode: 0, stdout: 'db1\n' });
  });

  test('interrupted, it takes back what it had made', async () => {
    expect(await lab.endedAt('ssh-web1', 'SIGINT', HOSTS)).toBe(130);
    expect(lab.left()).toEqual([]);
    expect(lab.ompay('lab', 'status')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no lab'),
    });
  });

  test('of two that make it at once, one is told that the other does', async () => {
    const codes = await Promise.all([lab.start('lab', 'up', ...HOSTS), lab.start('lab', 'up', ...HOSTS)]);
    expect(codes.toSorted()).toEqual([0, 4]);
    expect(lab.ompay('lab', 'status').exitCode).toBe(0);
  });

  test('killed, and its folder removed: the next lab of any folder sweeps it', async () => {
    expect(await lab.endedAt('ssh-web1', 'SIGKILL', HOSTS)).toBe('SIGKILL');
    expect(lab.left()).not.toEqual([]);
    rmSync(lab.root, { recursive: true });
    const other = testLab();
    try {
      const up = other.ompay('lab', 'up', '--hosts', 'web1');
      expect(up.exitCode).toBe(0);
      expect(up.stdout).toContain(lab.id);
      expect(lab.left()).toEqual([]);
    } finally {
      other.end();
    }
  });
});
