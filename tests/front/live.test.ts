import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { liveSlot } from '../../src/core/slots/live.ts';
import { ended, kill, openInstallation, writeLock } from './installation.ts';

test('which slot is live outlives the run folder, which a reboot may empty', async () => {
  await using installation = openInstallation();
  const { layout, supervisor } = installation;
  await installation.startSupervisor();
  writeLock(layout, 7);
  await supervisor.switchTo({ slot: 'blue', fencingToken: 7 });
  await supervisor.switchTo({ slot: 'green', fencingToken: 7 });
  await stop();
  rmSync(layout.run, { recursive: true });
  expect(liveSlot(layout)).toBe('green');

  await installation.startSupervisor();
  expect(readlinkSync(layout.currentSocket)).toBe('green.sock');
  writeLock(layout, 6);
  await expect(supervisor.switchTo({ slot: 'blue', fencingToken: 6 })).rejects.toMatchObject({
    code: 'lockLost',
  });

  async function stop(): Promise<void> {
    const pid = installation.pidOf('supervisor');
    await supervisor.shutdown();
    await ended(pid);
  }
});

test('the link that the front follows decides: a supervisor that died before the rename left a wrong note', async () => {
  await using installation = openInstallation();
  const { layout, supervisor } = installation;
  await installation.startSupervisor();
  await supervisor.switchTo({ slot: 'green', fencingToken: 1 });
  await kill(installation, 'supervisor');
  rmSync(layout.live);
  symlinkSync('blue', layout.live);
  expect(liveSlot(layout)).toBe('green');
  await installation.startSupervisor();
  expect(readlinkSync(layout.currentSocket)).toBe('green.sock');
  expect(readlinkSync(layout.live)).toBe('green');
});

test('a switch to none is noted too', async () => {
  await using installation = openInstallation();
  const { layout, supervisor } = installation;
  await installation.startSupervisor();
  await supervisor.switchTo({ slot: 'green', fencingToken: 1 });
  await supervisor.switchTo({ slot: null, fencingToken: 1 });
  expect(liveSlot(layout)).toBeNull();
});
