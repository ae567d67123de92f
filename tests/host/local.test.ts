import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localHost } from '../../src/host/local.ts';
import { sh } from '../../src/shell/line.ts';
import { commandLinesWith } from '../fixtures/command-lines.ts';
import { eventually } from '../fixtures/eventually.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const host = localHost();

test('a program that left the group and holds the output open does not outlive the time limit in our eyes', async () => {
  const pidPath = join(temporaryFolder(), 'pid');
  const line = sh`setsid sleep 60 & echo $! >${pidPath}; echo begun`;
  await expect(host.exec(line, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'timeout' });
  // It lives still, and nobody waited for it.
  process.kill(Number(readFileSync(pidPath, 'utf8')), 'SIGKILL');
});

test('the look into argument lists would find a secret that was there', async () => {
  const run = host.exec(sh`sleep 1; : ${'visible-7f3b'}`, { timeoutMs: 20_000 });
  await eventually(() => commandLinesWith('visible-7f3b').length).toBeGreaterThan(0);
  await run;
});
