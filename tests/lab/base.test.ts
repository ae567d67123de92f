import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { localHost } from '../../src/host/local.ts';
import { makeBaseLine } from '../../src/lab/base.ts';
import { sh } from '../../src/shell/line.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { labAbsent } from '../fixtures/lab.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no base image is made: ${absent}\n`);

const host = localHost();
const LIMIT = { timeoutMs: 60_000 };

/** Stands for debootstrap, which takes a minute: notes that it was called, and takes as long as a file tells. */
const DEBOOTSTRAP = `#!/bin/sh
echo called >>"$CALLS"
mkdir -p "$4/etc/sudoers.d" "$4/etc/ssh" "$4/proc"
mount -t proc proc "$4/proc"
echo a key >"$4/etc/ssh/ssh_host_rsa_key"
sleep "$(cat "$SECONDS_FILE")"
umount "$4/proc"
exit "$(cat "$EXIT_FILE")"
`;

describe.skipIf(absent !== undefined)('making a base image', () => {
  let folder: string;
  let base: string;

  beforeEach(() => {
    folder = temporaryFolder();
    base = join(folder, 'cache', 'bookworm.1');
    mkdirSync(join(folder, 'bin'));
    for (const [name, text] of [
      ['debootstrap', DEBOOTSTRAP],
      ['chroot', '#!/bin/sh\n'],
    ] as const) {
      writeFileSync(join(folder, 'bin', name), text);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
    set('seconds', '0');
    set('exit', '0');
  });

  function set(name: string, value: string): void {
    writeFileSync(join(folder, name), value);
  }

  function make(timeoutMs = LIMIT.timeoutMs) {
    const line = makeBaseLine({
      distribution: 'bookworm',
      mirror: 'http://deb.example/debian',
      waitSeconds: 30,
      base,
    });
    const environment = sh`export PATH=${join(folder, 'bin')}:"$PATH" CALLS=${join(folder, 'calls')} SECONDS_FILE=${join(folder, 'seconds')} EXIT_FILE=${join(folder, 'exit')}`;
    return host.exec(sh`${environment}; ${line}`, { timeoutMs });
  }

  function calls(): number {
    return readFileSync(join(folder, 'calls'), 'utf8').split('\n').length - 1;
  }

  function mounts(): string[] {
    return readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(folder));
  }

  test('two makers at once make it once, and it holds no host keys', async () => {
    set('seconds', '1');
    const made = await Promise.all([make(), make()]);
    expect(made.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(calls()).toBe(1);
    expect(readdirSync(join(base, 'etc/ssh'))).toEqual([]);
    expect(readFileSync(join(base, 'etc/sudoers.d/90-lab'), 'utf8')).toContain('debian ALL=');
  });

  test('a maker that is killed leaves no image and no mount, and the next one makes it whole', async () => {
    set('seconds', '60');
    expect(await ompayErrorOf(() => make(2000))).toMatchObject({ code: 'timeout' });
    expect(calls()).toBe(1);
    expect(existsSync(base)).toBe(false);
    expect(mounts()).toEqual([]);
    set('seconds', '0');
    expect(await make()).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(folder, 'cache')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a maker that fails says why, and leaves nothing', async () => {
    set('exit', '1');
    expect((await make()).exitCode).toBe(1);
    expect(readdirSync(join(folder, 'cache')).filter((name) => !/\.(lock|log)$/.test(name))).toEqual([]);
  });
});
