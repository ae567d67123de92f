import { expect, test } from 'vitest';
import { localHost } from '../../src/host/local.ts';
import { sh } from '../../src/shell/line.ts';
import { commandLinesWith } from '../fixtures/command-lines.ts';
import { eventually } from '../fixtures/eventually.ts';

const host = localHost();

test('a program that left the group and holds the output open does not outlive the time limit in our eyes', async () => {
  const startedMs = performance.now();
  const line = sh`setsid sleep 3.7 & echo begun`;
  await expect(host.exec(line, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
  expect(performance.now() - startedMs).toBeLessThan(3600);
});

test('the look into argument lists would find a secret that was there', async () => {
  const run = host.exec(sh`sleep 1; : ${'visible-7f3b'}`, { timeoutMs: 20_000 });
  await eventually(() => commandLinesWith('visible-7f3b').length).toBeGreaterThan(0);
  await run;
});
