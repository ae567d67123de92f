import { describe } from 'vitest';
import { openHost } from '../../src/host/open.ts';
import { hostContract } from '../contract/host.ts';
import { SSHD_ABSENT, startSshd } from '../fixtures/sshd.ts';

hostContract('this machine', async () => ({
  host: await openHost({ kind: 'local' }),
  dispose: async () => {},
}));

describe.skipIf(SSHD_ABSENT !== undefined)('over SSH', () => {
  hostContract('a host over SSH', async () => {
    const server = await startSshd();
    const host = await openHost({ kind: 'ssh', ...server.target() });
    return {
      host,
      dispose: async () => {
        await host.close();
        await server.stop();
      },
    };
  });
});
