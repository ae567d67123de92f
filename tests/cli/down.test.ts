import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startTimeOf } from '../../src/core/process.ts';
import { ompay } from '../fixtures/ompay.ts';
import { eventually, IDLE, kill, openInstallation } from '../front/installation.ts';

test('services whose supervisor was killed are stopped too', { timeout: 60_000 }, async () => {
  await using installation = openInstallation();
  await installation.startSupervisor();
  for (const name of ['database', 'blue'] as const) await installation.put(installation.service(name, IDLE));
  await kill(installation, 'supervisor');
  writeFileSync(installation.layout.lock, JSON.stringify({ fencingToken: 1, holder: null }));
  const down = await ompay(installation.layout.root, 'down');
  expect(down).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('stopped; the data stays') });
  for (const name of ['database', 'blue'] as const) expect(installation.processes(name)).toEqual([]);
  await eventually(() => !existsSync(join(installation.layout.run, 'supervisor.pid')) || undefined);
  expect((await ompay(installation.layout.root, 'down')).stdout).toContain('nothing runs');
});

test('the database that a killed proof of a backup left running is ended', { timeout: 60_000 }, async () => {
  await using installation = openInstallation();
  const scratch = join(installation.layout.state, 'work/scratch/01KILLED');
  const data = join(scratch, 'data');
  mkdirSync(data, { recursive: true });
  const host = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void host.kill('SIGKILL'));
  const ended = once(host, 'exit');
  const { pid = 0 } = host;
  writeFileSync(`${data}.owner`, JSON.stringify({ pid, startTime: startTimeOf(pid) }));
  const down = await ompay(installation.layout.root, 'down');
  expect(down).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing runs') });
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(existsSync(dirname(data))).toBe(false);
});
