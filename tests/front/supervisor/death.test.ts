import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually, IDLE, kill, openInstallation, statusOf } from '../installation.ts';

describe('the death of the supervisor', () => {
  test('its services go on, and the next supervisor adopts them: never two of one', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE));
    const blue = installation.pidOf('blue');
    await kill(installation, 'supervisor');
    await installation.startSupervisor();
    expect(await statusOf(installation, 'blue')).toMatchObject({ pid: blue });
    expect(installation.processes('blue')).toEqual([blue]);
    process.kill(blue, 'SIGKILL');
    const status = await eventually(async () => {
      const seen = await statusOf(installation, 'blue');
      return seen?.restarts === 1 && seen.pid !== null ? seen : undefined;
    });
    expect(status.lastExit).toBe('unknown');
    expect(installation.processes('blue')).toEqual([status.pid]);
  });

  test('between starting a service and noting its pid: the process is found by its marker', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE));
    const blue = installation.pidOf('blue');
    await kill(installation, 'supervisor');
    rmSync(join(installation.layout.run, 'blue.pid'));
    await installation.startSupervisor();
    expect(installation.processes('blue')).toEqual([blue]);
    expect(installation.pidOf('blue')).toBe(blue);
  });

  test('between striking a service off and ending it: the next supervisor ends it', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE));
    await kill(installation, 'supervisor');
    writeFileSync(installation.layout.services, JSON.stringify({ version: 1, services: [] }));
    await installation.startSupervisor();
    await eventually(() => installation.processes('blue').length === 0 || undefined);
  });

  test('a pid file that names a later process of the same number is not believed', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE));
    await kill(installation, 'supervisor');
    await kill(installation, 'blue');

    const pidFile = join(installation.layout.run, 'blue.pid');
    writeFileSync(pidFile, JSON.stringify({ pid: process.pid, startTime: '1' }));
    await installation.startSupervisor();
    await eventually(() => installation.pidOf('blue') !== process.pid || undefined);
    await installation.remove('blue');
    expect(existsSync(`/proc/${process.pid}`)).toBe(true);
  });

  test('of five that start at once one stays, the others say who and end with 0', async () => {
    await using installation = openInstallation();
    const started = Array.from({ length: 5 }, () => installation.spawnSupervisor());
    const codes: (number | null)[] = [];
    for (const child of started) child.once('exit', (code) => codes.push(code));
    await eventually(() => codes.length === 4 || undefined);
    expect(codes).toEqual([0, 0, 0, 0]);
    const { pid } = await eventually(async () => installation.supervisor.status().catch(() => undefined));
    expect(started.map((child) => child.pid)).toContain(pid);
    const log = readFileSync(join(installation.layout.logs, 'supervisor.log'), 'utf8');
    expect(log.split(`process ${pid} supervises already`)).toHaveLength(5);
  });

  test('the front starts a killed supervisor again, which adopts the front', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.front(0));
    const front = installation.pidOf('front');
    await eventually(() => existsSync(installation.layout.frontSocket) || undefined);
    const killed = await kill(installation, 'supervisor');
    const status = await eventually(async () => installation.supervisor.status().catch(() => undefined));
    expect(status.pid).not.toBe(killed);
    expect(installation.processes('front')).toEqual([front]);
  });
});
