import { expect, test } from 'vitest';
import { optionsOf } from '../../../src/api/redis/connect.ts';
import { Secret } from '../../../src/core/secret.ts';

const SETTINGS = { prefix: 'ompay', uses: { cache: true, sessions: true, queue: true }, tls: null };
const WATCHED = { kind: 'sentinel', sentinels: [{ host: 'a', port: 26_379 }], master: 'ompay' } as const;

test('sentinels are asked with their password when they have one, and by TLS when Redis is', () => {
  expect(optionsOf({ ...SETTINGS, place: WATCHED })).toMatchObject({
    name: 'ompay',
    sentinels: [{ host: 'a', port: 26_379 }],
    enableTLSForSentinelMode: false,
  });
  const sentinelPassword = new Secret('watch');
  const guarded = optionsOf({
    ...SETTINGS,
    place: { ...WATCHED, sentinelPassword },
    tls: { caPath: null },
  });
  expect(guarded).toMatchObject({ sentinelPassword: 'watch', enableTLSForSentinelMode: true });
});
