import { describe, expect, test } from 'vitest';
import { openInstallation, writeLock } from '../installation.ts';

describe('the switch', () => {
  test('the link points to the new slot by one rename, and the answer says what was there', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    writeLock(installation.layout, 7);
    const first = await installation.supervisor.switchTo({ slot: 'blue', fencingToken: 7 });
    const second = await installation.supervisor.switchTo({ slot: 'green', fencingToken: 7 });
    expect(first).toMatchObject({ previous: null, current: 'blue.sock' });
    expect(second).toMatchObject({ previous: 'blue.sock', current: 'green.sock' });
    expect(second.switchMicroseconds).toBeGreaterThan(0);
    expect(await installation.supervisor.switchTo({ slot: null, fencingToken: 7 })).toMatchObject({
      current: null,
    });
  });

  test.each([
    ['a token that is not the lock’s', 8],
    ['an older token', 6],
  ])('%s is fenced off, and the link stays', async (_title, fencingToken) => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    writeLock(installation.layout, 7);
    await installation.supervisor.switchTo({ slot: 'blue', fencingToken: 7 });
    await expect(installation.supervisor.switchTo({ slot: 'green', fencingToken })).rejects.toMatchObject({
      code: 'lockLost',
    });
    expect(await installation.supervisor.switchTo({ slot: 'blue', fencingToken: 7 })).toMatchObject({
      previous: 'blue.sock',
    });
  });

  test('a lock file put back to an earlier token cannot switch any more', async () => {
    await using installation = openInstallation();
    await installation.startSupervisor();
    writeLock(installation.layout, 7);
    await installation.supervisor.switchTo({ slot: 'blue', fencingToken: 7 });
    writeLock(installation.layout, 6);
    await expect(installation.supervisor.switchTo({ slot: 'green', fencingToken: 6 })).rejects.toMatchObject({
      code: 'lockLost',
    });
  });
});
