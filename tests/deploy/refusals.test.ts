import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, PROGRAM_ROOT } from '../fixtures/installation.ts';

/** What a first deploy refuses: one clear message, the right exit code, nothing half-done. */
describe('before anything is deployed', { timeout: 120_000 }, () => {
  let installation: Installation;

  beforeAll(async () => {
    installation = await createInstallation();
  });
  afterAll(() => installation.end());

  it('prints its plan without touching anything', () => {
    const { exitCode, stdout } = installation.ompay([
      'deploy',
      '--plan',
      '--port',
      String(installation.port),
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('point current.sock at blue');
    expect(existsSync(installation.layout.state)).toBe(false);
  });

  it('says before the first deploy that there is nothing, and what to type', () => {
    expect(installation.ompay(['rollback'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('ompay deploy'),
    });
    expect(installation.ompay(['up'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('ompay deploy'),
    });
    expect(installation.ompay(['api', 'outbox'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('ompay deploy'),
    });
    expect(installation.ompay(['status'])).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining('ompay deploy'),
    });
  });

  it('refuses a port that another program has, with nothing begun', async () => {
    const other = createServer().listen(installation.port, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { exitCode, last } = installation.ompay(['deploy', '--port', String(installation.port)]);
      expect(exitCode).toBe(3);
      expect(last.summary).toContain(`port ${installation.port} is taken`);
      expect(existsSync(installation.layout.services)).toBe(false);
      expect(installation.ompay(['lock', 'status']).exitCode).toBe(0);
    } finally {
      other.close();
    }
  });

  it('refuses an environment with a wrong value, naming it, with nothing begun', () => {
    const path = join(installation.root, '.env');
    writeFileSync(path, 'APP_DEBUG=perhaps\nLOG_LEVEL=loud\n');
    try {
      const { exitCode, last } = installation.ompay(['deploy', '--port', String(installation.port)]);
      expect(exitCode).toBe(2);
      expect(last.summary).toContain('APP_DEBUG is "perhaps"');
      expect(last.summary).toContain('LOG_LEVEL is "loud"');
    } finally {
      writeFileSync(path, '');
    }
  });

  it('refuses a folder that it may not write to', () => {
    const folder = join(installation.root, 'read-only');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    // Root may write anywhere, so as root the command runs as nobody.
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    chmodSync(installation.root, 0o755);
    const { status, stderr, stdout } = spawnSync(join(PROGRAM_ROOT, 'bin/ompay'), ['-C', folder, 'deploy'], {
      encoding: 'utf8',
      ...user,
    });
    expect(status).toBe(2);
    expect(stderr + stdout).toContain(`cannot make the folder ${join(folder, '.ompay')}`);
  });

  it("refuses another user's installation, so that its owner can go on using it", (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can make a folder of another user');
    const folder = join(installation.root, 'foreign');
    const state = join(folder, '.ompay');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    chownSync(state, 65_534, 65_534);
    for (const words of [['deploy'], ['lock', 'acquire', '--reason', 'x'], ['down']]) {
      const { exitCode, stderr, stdout } = installation.ompay(['-C', folder, ...words]);
      if (words[0] === 'down') expect(exitCode).toBe(0);
      else
        expect({
          exitCode,
          told: (stderr + stdout).includes(`the folder ${state} belongs to user 65534`),
        }).toEqual({ exitCode: 2, told: true });
    }
    expect(readdirSync(state)).toEqual([]);
  });

  it('refuses a disk that is nearly full, with nothing begun', (context) => {
    const folder = join(installation.root, 'small');
    mkdirSync(folder);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', folder], {
      encoding: 'utf8',
    });
    if (mount.status !== 0) {
      context.skip(`a small disk cannot be mounted here: ${mount.stderr}`);
    }
    try {
      const { exitCode, last } = installation.ompay([
        '-C',
        folder,
        'deploy',
        '--port',
        String(installation.port),
      ]);
      expect(exitCode).toBe(3);
      expect(last.summary).toMatch(/MB are free under .*, and 1.0 GB are needed/);
      expect(existsSync(join(folder, '.ompay/services.json'))).toBe(false);
    } finally {
      spawnSync('umount', [folder]);
    }
  });

  it('refuses a full disk where not even the journal can be written', (context) => {
    const folder = join(installation.root, 'full');
    mkdirSync(folder);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], {
      encoding: 'utf8',
    });
    if (mount.status !== 0) {
      context.skip(`a small disk cannot be mounted here: ${mount.stderr}`);
    }
    try {
      spawnSync('sh', ['-c', `head -c 60000 /dev/zero > ${folder}/filler; cat /dev/zero > ${folder}/rest`]);
      const { exitCode, stderr } = installation.ompay([
        '-C',
        folder,
        'deploy',
        '--port',
        String(installation.port),
      ]);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/ENOSPC|disk|space/);
      expect(stderr).toContain('next:');
    } finally {
      spawnSync('umount', [folder]);
    }
  });
});
