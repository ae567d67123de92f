import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEBIAN } from '../../src/provision/families.ts';
import { changesOf, lookAll } from '../../src/provision/look.ts';
import type { Resource } from '../../src/provision/resource.ts';
import { sh } from '../../src/shell/line.ts';

const ASKED = { mark: '@@5f1c', family: DEBIAN };
const { username } = userInfo();

describe('a look at this machine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ompay-look-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const own = { owner: username, group: execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim() };
  const look = (resources: readonly Resource[]) => {
    const printed = execFileSync('/bin/sh', ['-s'], {
      input: lookAll(resources, ASKED).text,
      encoding: 'utf8',
    });
    return changesOf(resources, printed, ASKED).map(({ resource, shown }) => `${resource}: ${shown}`);
  };
  const file = (name: string, content: string): Resource => ({
    kind: 'file',
    path: join(folder, name),
    content,
    mode: 0o640,
    ...own,
  });

  test('a file that is as declared is no change; its content, mode and absence are', () => {
    for (const name of ['same', "it's other", 'open']) {
      writeFileSync(join(folder, name), 'text\n');
      chmodSync(join(folder, name), name === 'open' ? 0o644 : 0o640);
    }
    const resources = [
      file('same', 'text\n'),
      file("it's other", 'another text\n'),
      file('open', 'text\n'),
      file('none', 'text\n'),
    ];
    expect(look(resources)).toEqual([
      `file ${folder}/it's other: another content`,
      `file ${folder}/open: mode 0644 → 0640`,
      `file ${folder}/none: not there`,
    ]);
  });

  test('folders, files that must not be there, users, packages and settings', () => {
    mkdirSync(join(folder, 'there'), { mode: 0o700 });
    writeFileSync(join(folder, 'leftover'), '');
    const resources: Resource[] = [
      { kind: 'folder', path: join(folder, 'there'), mode: 0o700, ...own },
      { kind: 'folder', path: join(folder, 'missing'), mode: 0o700, ...own },
      { kind: 'absent', path: join(folder, 'leftover') },
      { kind: 'absent', path: join(folder, 'nothing') },
      { kind: 'package', name: 'coreutils' },
      { kind: 'package', name: 'no-such-package' },
      { kind: 'user', name: 'root', home: '/root', shell: '/bin/bash', groups: [] },
      { kind: 'user', name: 'nobody-here', home: '/', shell: '/bin/sh', groups: [] },
      { kind: 'setting', name: 'always', holds: sh`true`, apply: sh`true`, timeoutMs: 1000 },
      { kind: 'setting', name: 'never', holds: sh`exit 3`, apply: sh`true`, timeoutMs: 1000 },
    ];
    expect(look(resources)).toEqual([
      `folder ${folder}/missing: not there`,
      `absent ${folder}/leftover: is there`,
      'package no-such-package: not installed',
      'user nobody-here: not there',
      'setting never: not so',
    ]);
  });

  test('a look that was cut short is not taken for a host without anything', () => {
    const resources: Resource[] = [
      { kind: 'absent', path: '/nowhere' },
      { kind: 'package', name: 'x' },
    ];
    const part = `\n${ASKED.mark} package\n`;
    expect(() => changesOf(resources, part, ASKED)).toThrow('no end');
    expect(() => changesOf(resources, `${part}\n${ASKED.mark} end\n`, ASKED)).toThrow('absent');
  });
});
