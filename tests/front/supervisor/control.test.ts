import { once } from 'node:events';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openInstallation } from '../installation.ts';

describe('bad input', () => {
  test('what is no service, no switch, no JSON or no route is refused, and nothing is kept', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    const socketPath = installation.layout.supervisorSocket;
    const attempts: readonly (readonly [string, string, string])[] = [
      ['PUT', '/services/blue', '{"name":"blue"}'],
      ['PUT', '/services/blue', 'not json'],
      ['POST', '/switch', '{"slot":"red","fencingToken":1}'],
      ['GET', '/nothing', ''],
      ['PUT', '/services/blue', `"${'x'.repeat(300_000)}"`],
    ];
    for (const [method, path, body] of attempts) {
      const status = await send({ socketPath, method, path }, body);
      expect([400, 404, 'ECONNRESET', 'EPIPE']).toContain(status);
    }
    expect((await installation.supervisor.status()).services).toEqual([]);
  });

  test('a damaged services.json stops the supervisor with one clear message, not half a start', async () => {
    await using installation = openInstallation();
    writeFileSync(installation.layout.services, '{"services":[{"name":"blue"}]}');
    const child = installation.spawnSupervisor();
    await once(child, 'exit');
    expect(child.exitCode).toBe(1);
    expect(readFileSync(join(installation.layout.logs, 'supervisor.log'), 'utf8')).toContain(
      'does not hold a list of services',
    );
  });

  test('a run folder that is somebody else’s link is refused', async () => {
    await using installation = openInstallation();
    rmSync(installation.layout.run, { recursive: true });
    symlinkSync(installation.layout.logs, installation.layout.run);
    const child = installation.spawnSupervisor();
    await once(child, 'exit');
    expect(child.exitCode).toBe(1);
  });
});

function send(
  options: { socketPath: string; method: string; path: string },
  body: string,
): Promise<number | string> {
  return new Promise((resolve) => {
    const outgoing = request({ ...options, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', () => resolve('ECONNRESET'));
    });
    outgoing.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    outgoing.end(body);
  });
}
