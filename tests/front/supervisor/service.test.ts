import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ended, eventually, IDLE, kill, openInstallation, statusOf } from '../installation.ts';

describe('keeping services running', () => {
  test('a service that is killed runs again, and says how it died', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE));
    const killed = await kill(installation, 'blue');
    const status = await eventually(async () => {
      const seen = await statusOf(installation, 'blue');
      return seen?.restarts === 1 && seen.pid !== null ? seen : undefined;
    });
    expect(status).toMatchObject({ lastExit: 'signal SIGKILL' });
    expect(status.pid).not.toBe(killed);
    expect(installation.processes('blue')).toEqual([status.pid]);
  });

  test('one that dies at once, again and again, is started ever more slowly', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', 'process.exit(3);'));
    await eventually(async () => ((await statusOf(installation, 'blue'))?.restarts ?? 0) >= 4 || undefined);
    await delay(1000);
    const status = await statusOf(installation, 'blue');
    expect(status?.lastExit).toBe('exit 3');
    expect(status?.restarts).toBeLessThan(10);
  });

  test('a program that does not exist is tried again and reported, and the supervisor lives', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE, { command: '/no/such/program' }));
    const status = await eventually(async () => {
      const seen = await statusOf(installation, 'blue');
      return (seen?.restarts ?? 0) >= 2 ? seen : undefined;
    });
    expect(status).toMatchObject({ pid: null, lastExit: 'not started: ENOENT' });
  });

  test('the environment file reaches the service; services.json and the arguments never hold it', async () => {
    await using installation = openInstallation();
    const { layout } = installation;
    writeFileSync(layout.environment, 'APP_KEY=very-secret\n', { mode: 0o600 });
    await installation.startSupervisor();
    const out = join(layout.state, 'seen');
    const script = `appendFileSync(${JSON.stringify(out)}, process.env.APP_KEY + process.env.MODE); ${IDLE}`;
    await installation.put(
      installation.service('blue', script, {
        environmentFile: layout.environment,
        environment: { MODE: '!' },
      }),
    );
    await eventually(() => existsSync(out) || undefined);
    expect(readFileSync(out, 'utf8')).toBe('very-secret!');
    expect(readFileSync(layout.services, 'utf8')).not.toContain('very-secret');
    expect(readFileSync(`/proc/${installation.pidOf('blue')}/cmdline`, 'utf8')).not.toContain('very-secret');
    expect(JSON.stringify(await installation.supervisor.status())).not.toContain('very-secret');
    expect(statSync(layout.services).mode & 0o777).toBe(0o600);
    expect(statSync(layout.supervisorSocket).mode & 0o777).toBe(0o600);
  });

  test('putting the same service again leaves its process; another replaces it', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('blue', IDLE));
    const first = installation.pidOf('blue');
    await installation.put(installation.service('blue', IDLE));
    expect(installation.pidOf('blue')).toBe(first);
    await installation.put(installation.service('blue', `// changed\n${IDLE}`));
    expect(installation.pidOf('blue')).not.toBe(first);
    expect(installation.processes('blue')).toHaveLength(1);
  });

  test('a service that ignores SIGTERM is killed after its time', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    const ready = join(installation.layout.state, 'ready');
    const script = `process.on('SIGTERM', () => undefined); appendFileSync(${JSON.stringify(ready)}, ''); ${IDLE}`;
    await installation.put(installation.service('blue', script, { stopTimeoutMs: 300 }));
    await eventually(() => existsSync(ready) || undefined);
    await installation.remove('blue');
    expect(installation.processes('blue')).toEqual([]);
    expect((await installation.supervisor.status()).services).toEqual([]);
  });

  test('shutdown ends everything, and the next start brings back what was running', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('database', IDLE));
    await installation.put(installation.service('blue', IDLE));
    const supervisor = installation.pidOf('supervisor');
    await installation.supervisor.shutdown();
    await ended(supervisor);
    expect([...installation.processes('database'), ...installation.processes('blue')]).toEqual([]);
    expect(existsSync(join(installation.layout.run, 'blue.pid'))).toBe(false);
    await installation.startSupervisor();
    expect((await installation.supervisor.status()).services.map(({ name }) => name)).toEqual([
      'database',
      'blue',
    ]);
  });
});
