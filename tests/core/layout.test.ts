import { isAbsolute } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { localLayout, otherSlot } from '../../src/core/layout.ts';

/** unix(7): sun_path has 108 bytes, the last a NUL. */
const SOCKET_PATH_BYTES = 107;

test('a usual checkout keeps everything under .ompay', () => {
  const layout = localLayout('/srv/ana/ompay');
  for (const path of [layout.data, layout.journal, layout.lock, layout.run, layout.currentSocket]) {
    expect(path.startsWith('/srv/ana/ompay/.ompay/')).toBe(true);
  }
  expect(layout.slotSockets).toEqual({
    blue: '/srv/ana/ompay/.ompay/run/blue.sock',
    green: '/srv/ana/ompay/.ompay/run/green.sock',
  });
});

test('however deep the checkout, each socket fits in an address, and two checkouts never share one', () => {
  const folder = fc
    .array(fc.string({ unit: fc.constantFrom(...'abcé-'), minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((names) => `/${names.join('/')}`);
  fc.assert(
    fc.property(folder, folder, (first, second) => {
      const layout = localLayout(first);
      const sockets = [
        layout.currentSocket,
        layout.slotSockets.blue,
        layout.slotSockets.green,
        layout.databaseSocket,
        layout.supervisorSocket,
        layout.frontSocket,
      ];
      for (const socket of sockets) expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(SOCKET_PATH_BYTES);
      expect(localLayout(first).run).toBe(layout.run);
      if (first !== second) expect(localLayout(second).run).not.toBe(layout.run);
    }),
  );
});

test('a relative folder gives absolute paths', () => {
  const { slotSockets, ...paths } = localLayout('.');
  for (const path of [...Object.values(paths), ...Object.values(slotSockets)]) {
    expect(isAbsolute(path)).toBe(true);
  }
});

test('the other slot of the other slot is the slot itself', () => {
  expect(otherSlot('blue')).toBe('green');
  expect(otherSlot('green')).toBe('blue');
});
