import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLock } from '../../src/plan/lock.ts';
import {
  createInstallation,
  eventsIn,
  exitCodeOf,
  type Installation,
  saw,
} from '../fixtures/installation.ts';

/** One installation, whose deploys are interrupted and killed at their worst moments. */
describe('a deploy that does not get to its end', { timeout: 180_000 }, () => {
  let installation: Installation;
  let first: unknown;

  beforeAll(async () => {
    installation = await createInstallation();
    installation.ompay(['deploy', '--port', String(installation.port), '--bake', '1']);
    first = liveRelease();
  }, 180_000);
  afterAll(() => installation.end());

  const liveRelease = (): unknown => {
    const { services, live } = installation.ompay(['status', '--json']).last;
    return Array.isArray(services)
      ? services.find((service: { name: string }) => service.name === live)?.release
      : undefined;
  };
  const release = (name: string): string =>
    installation.tree(name, {
      file: 'src/api/main.ts',
      from: 'await runApi(',
      to: `process.title = '${name}';\n  await runApi(`,
    });
  const answers = async (): Promise<void> => expect((await installation.get('/health')).status).toBe(200);

  it('undoes what it began when interrupted, gives the lock back and exits 130', async () => {
    const child = installation.start(['deploy', '--bake', '20'], release('piped'));
    await saw(child, '"type":"step-started","plan":"switch","step":"observe"');
    child.kill('SIGINT');
    expect(await exitCodeOf(child)).toBe(130);
    expect(liveRelease()).toBe(first);
    expect(installation.ompay(['lock', 'status']).exitCode).toBe(0);
  });

  it('does the same on a terminal, where the live list must not end the process by itself', async () => {
    const program = join(release('terminal'), 'bin/ompay');
    const terminal = spawn(
      'script',
      ['-qefc', `${program} -C ${installation.root} deploy --bake 20`, '/dev/null'],
      { stdio: ['pipe', 'ignore', 'inherit'] },
    );
    const holder = await observing(installation);
    process.kill(holder, 'SIGINT');
    expect(await exitCodeOf(terminal)).toBe(130);
    expect(liveRelease()).toBe(first);
    expect(installation.ompay(['lock', 'status']).exitCode).toBe(0);
  });

  it('goes on when nobody reads what it says any more', async () => {
    const child = installation.start(['deploy', '--bake', '1'], release('unread'));
    await saw(child, '"plan":"preflight"');
    child.stdout?.destroy();
    expect(await exitCodeOf(child)).toBe(0);
    expect(liveRelease()).not.toBe(first);
    expect(installation.ompay(['rollback'])).toMatchObject({
      exitCode: 0,
      last: { data: { release: first } },
    });
  });

  it('was killed before the switch: rollback does not trust what it left, the next deploy goes on', async () => {
    const tree = release('killed-early');
    const child = installation.start(['deploy', '--bake', '20'], tree);
    await saw(child, '"type":"step-started","plan":"prepare","step":"smoke"');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await answers();
    const { stdout } = installation.ompay(['rollback', '--plan']);
    expect(stdout).not.toContain('Switch back to');
    expect(installation.ompay(['deploy', '--bake', '1'], tree).exitCode).toBe(0);
    expect(installation.ompay(['rollback']).exitCode).toBe(0);
  });

  it('was killed while it watched: the next deploy watches to the end', async () => {
    const tree = release('killed-late');
    const child = installation.start(['deploy', '--bake', '20'], tree);
    await saw(child, '"type":"step-started","plan":"switch","step":"observe"');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await answers();
    const again = installation.ompay(['deploy', '--bake', '1'], tree);
    expect(again.exitCode).toBe(0);
    expect(eventsIn(again.stdout).some(({ type, plan }) => type === 'plan-done' && plan === 'resume')).toBe(
      true,
    );
    expect(installation.ompay(['deploy', '--detailed-exitcode'], tree).exitCode).toBe(42);
  });

  it('was killed while it watched: a deploy of another source watches it first, then goes on', async () => {
    const child = installation.start(['deploy', '--bake', '20'], release('killed-unwatched'));
    await saw(child, '"type":"step-started","plan":"switch","step":"observe"');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const unwatched = liveRelease();
    const another = installation.ompay(['deploy', '--bake', '1'], release('another'));
    expect(another).toMatchObject({ exitCode: 0, last: { data: { previous: unwatched } } });
    expect(eventsIn(another.stdout).filter(({ type }) => type === 'plan-done')).toContainEqual(
      expect.objectContaining({ plan: 'resume' }),
    );
    expect(installation.ompay(['rollback'])).toMatchObject({
      exitCode: 0,
      last: { data: { release: unwatched } },
    });
  });

  it('keeps its port when a deploy on another port goes bad', async () => {
    const tree = installation.tree('bad-port', {
      file: 'src/api/run.ts',
      from: "log.info({ listen: placeOf(settings.listen) }, 'serving');",
      to: "setTimeout(() => process.exit(9), 4500);\n  log.info({ listen: placeOf(settings.listen) }, 'serving');",
    });
    const before = liveRelease();
    expect(
      installation.ompay(['deploy', '--port', String(installation.port + 1), '--bake', '8'], tree).exitCode,
    ).toBe(5);
    await answers();
    expect(liveRelease()).toBe(before);
  });

  it('remembers its port over `down`; another setting makes another release, and a rollback takes it back', async () => {
    const before = liveRelease();
    writeFileSync(join(installation.root, '.env'), 'LOG_LEVEL=error\n');
    expect(installation.ompay(['down']).exitCode).toBe(0);
    expect(installation.ompay(['deploy', '--bake', '1'], join(installation.root, 'another')).exitCode).toBe(
      0,
    );
    await answers();
    expect(liveRelease()).not.toBe(before);
    expect(installation.ompay(['rollback']).exitCode).toBe(0);
    expect(liveRelease()).toBe(before);
    expect(readFileSync(join(installation.layout.releases, String(before), 'api.env'), 'utf8')).toContain(
      'LOG_LEVEL=info',
    );
  });

  it('leaves a journal that verifies', () => {
    expect(installation.ompay(['audit', 'verify']).exitCode).toBe(0);
  });
});

/** The process that holds the lock, once its journal says that it watches. */
async function observing(installation: Installation): Promise<number> {
  const journal = join(installation.layout.journal, 'journal.jsonl');
  for (let tries = 0; tries < 600; tries += 1) {
    const { holder } = readLock(installation.layout.lock);
    const own = readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => holder !== null && line.includes(holder.run));
    if (
      holder?.process != null &&
      own.some((line) => line.includes('"type":"step-started","plan":"switch","step":"observe"'))
    )
      return holder.process.pid;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the deploy never watched');
}
