import { expect, test } from 'vitest';
import { diskRefusal } from '../../src/core/disk.ts';

test('what a disk refused is said with the path and a way to look', () => {
  const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(diskRefusal(cause, '/var/backups/a')).toMatchObject({
    code: 'stateUnusable',
    message:
      'cannot use /var/backups/a: no space is left on its disk (ENOSPC: no space left on device, write)',
    hint: "make room or mend the permissions, then look with: df -h '/var/backups'",
    cause,
  });
});

test('an error about something else is not taken for one', () => {
  expect(diskRefusal(Object.assign(new Error('x'), { code: 'ENOENT' }), '/a')).toBeUndefined();
  expect(diskRefusal('text', '/a')).toBeUndefined();
});
