import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { liveSlot } from '../../../src/core/slots/live.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { fillDisk, mountSmallDisk } from '../../fixtures/small-disk.ts';
import { eventually, IDLE, openInstallation, statusOf, writeLock } from '../installation.ts';

describe('changes of a slot', () => {
  test.each([
    ['without a token', undefined],
    ['with an older token', 6],
    ['with a token that is not the lock’s', 8],
    ['with no number', Number.NaN],
  ])('%s are fenced off, and the slot runs on', async (_title, token) => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    const { supervisor } = installation;
    writeLock(installation.layout, 7);
    await supervisor.put(installation.service('green', IDLE), 7);
    const green = installation.pidOf('green');
    const changed = installation.service('green', `// changed\n${IDLE}`);
    await expect(supervisor.put(changed, token)).rejects.toMatchObject({ code: 'lockLost' });
    await expect(supervisor.put(installation.service('blue', IDLE), token)).rejects.toMatchObject({
      code: 'lockLost',
    });
    await expect(supervisor.remove('green', token)).rejects.toMatchObject({ code: 'lockLost' });
    expect((await supervisor.status()).services).toMatchObject([{ name: 'green', pid: green }]);
  });

  test('database and front need no token', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    rmSync(installation.layout.lock);
    for (const name of ['database', 'front'] as const) {
      await installation.supervisor.put(installation.service(name, IDLE));
      await installation.supervisor.remove(name);
    }
    expect((await installation.supervisor.status()).services).toEqual([]);
  });

  test('the live slot is neither replaced nor removed, whatever the token', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    await installation.put(installation.service('green', IDLE));
    await installation.supervisor.switchTo({ slot: 'green', fencingToken: 1 });
    const green = installation.pidOf('green');
    const refusal = { code: 'stateUnusable', message: expect.stringContaining('green is live') };
    await expect(
      installation.put(installation.service('green', `// changed\n${IDLE}`)),
    ).rejects.toMatchObject(refusal);
    await expect(installation.remove('green')).rejects.toMatchObject(refusal);
    await installation.put(installation.service('green', IDLE));
    expect(await statusOf(installation, 'green')).toMatchObject({ pid: green });
  });

  test('a lock lost while the old process ends starts no new one', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    const slow =
      "process.on('SIGTERM', () => appendFileSync(run + '/told', ''));\nsetInterval(() => 0, 1000);";
    await installation.put(installation.service('green', `${slow}\nappendFileSync(run + '/ready', '');`));
    await eventually(() => existsSync(`${installation.layout.run}/ready`) || undefined);
    const replacing = installation.put(installation.service('green', IDLE));
    const refused = expect(replacing).rejects.toMatchObject({ code: 'lockLost' });
    await eventually(() => existsSync(`${installation.layout.run}/told`) || undefined);
    writeLock(installation.layout, 2);
    await refused;
    expect(await statusOf(installation, 'green')).toBeUndefined();
    expect(installation.processes('green')).toEqual([]);
  });
});

test('on a full disk a failed switch goes back, and the slot that was not well ends', async (context) => {
  const folder = temporaryFolder();
  using _disk = mountSmallDisk(context, folder, 512);
  await using installation = openInstallation(join(folder, 'installation'));
  await installation.startSupervisor();
  for (const slot of ['blue', 'green'] as const) {
    await installation.put(installation.service(slot, IDLE));
    await installation.supervisor.switchTo({ slot, fencingToken: 1 });
  }
  fillDisk(folder);
  expect(await installation.supervisor.switchTo({ slot: 'blue', fencingToken: 1 })).toMatchObject({
    previous: 'green.sock',
    current: 'blue.sock',
  });
  expect(liveSlot(installation.layout)).toBe('blue');
  await installation.remove('green');
  expect(installation.processes('green')).toEqual([]);
  expect(installation.processes('blue')).toHaveLength(1);
});
