import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SshTarget } from '../../../src/host/ssh/target.ts';
import { type SshOptions, sshHost } from '../../../src/host/ssh.ts';
import { sh } from '../../../src/shell/line.ts';
import { commandLinesWith } from '../../fixtures/command-lines.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { SSHD_ABSENT, startSshd } from '../../fixtures/sshd.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

const LIMIT = { timeoutMs: 30_000 };

async function serve() {
  const server = await startSshd();
  onTestFinished(() => server.stop());
  const open = (options: SshOptions = {}, differently: Partial<SshTarget> = {}) => {
    const host = sshHost(server.target(differently), options);
    onTestFinished(() => host.close());
    return host;
  };
  return { server, open, host: open() };
}

const countIn = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').length : 0);

describe.skipIf(SSHD_ABSENT !== undefined)('faults between us and a host', () => {
  test('a change whose connection is lost in the middle is made once, and its result told', async () => {
    const { server, host } = await serve();
    const folder = temporaryFolder();
    const [begun, go] = [join(folder, 'begun'), join(folder, 'go')];
    const line = sh`printf x >> ${begun}; echo early; while [ ! -e ${go} ]; do sleep 0.05; done; cat; exit 5`;
    const run = host.exec(line, { ...LIMIT, stdin: 'the input' });
    await eventually(() => countIn(begun)).toBe(1);
    await server.kill();
    await server.restart();
    writeFileSync(go, '');
    expect(await run).toEqual({ exitCode: 5, stdout: 'early\nthe input', stderr: '' });
    expect(countIn(begun)).toBe(1);
  });

  test('a change that ended while nobody was connected tells its result', async () => {
    const { server, host } = await serve();
    const [begun, ended] = ['begun', 'ended'].map((name) => join(temporaryFolder(), name));
    const run = host.exec(sh`echo 1 > ${begun ?? ''}; sleep 0.5; echo told; echo 2 > ${ended ?? ''}`, LIMIT);
    await eventually(() => countIn(begun ?? '')).toBe(2);
    await server.kill();
    await eventually(() => countIn(ended ?? '')).toBe(2);
    await server.restart();
    expect(await run).toEqual({ exitCode: 0, stdout: 'told', stderr: '' });
  });

  test('an operation is made once for its id, also from another connection at the same time', async () => {
    const { open } = await serve();
    const path = join(temporaryFolder(), 'made');
    const operationId = `test-${process.pid}-once`;
    const line = sh`printf x >> ${path}; sleep 0.5; echo made; exit 3`;
    const results = await Promise.all([1, 2, 3].map(() => open().exec(line, { ...LIMIT, operationId })));
    const later = await open().exec(line, { ...LIMIT, operationId });
    for (const result of [...results, later])
      expect(result).toEqual({ exitCode: 3, stdout: 'made', stderr: '' });
    expect(countIn(path)).toBe(1);
    await expect(open().exec(line, { ...LIMIT, operationId: '../x' })).rejects.toThrow(TypeError);
  });

  test('a change that was killed on its host is neither done nor made again', async () => {
    const { open } = await serve();
    const operationId = `test-${process.pid}-killed`;
    const path = join(temporaryFolder(), 'made');
    const line = sh`printf x >> ${path}; sleep 76.1 & sleep 76.1`;
    await expect(open().exec(line, { timeoutMs: 700, operationId })).rejects.toMatchObject({
      code: 'timeout',
    });
    const error = await ompayErrorOf(() => open().exec(line, { ...LIMIT, operationId }));
    expect(error).toMatchObject({ code: 'commandFailed' });
    expect(error.message).toContain(`began on web1 and did not end (operation ${operationId})`);
    expect(countIn(path)).toBe(1);
  });

  test('a change whose host does not come back is told as not known, with its operation', async () => {
    const { server, open } = await serve();
    const begun = join(temporaryFolder(), 'begun');
    const run = ompayErrorOf(() => open({ attempts: 2 }).exec(sh`echo > ${begun}; sleep 2`, LIMIT));
    await eventually(() => countIn(begun)).toBe(1);
    await server.kill();
    const error = await run;
    expect(error).toMatchObject({ code: 'hostUnreachable', exitCode: 7 });
    expect(error.message).toMatch(
      /lost in `.*`, and whether it is done \(operation \w{26}\) is not known: web1/,
    );
  });

  test('what is read only is run again after a lost connection', async () => {
    const { server, host } = await serve();
    const path = join(temporaryFolder(), 'tries');
    const line = sh`printf x >> ${path}; [ "$(wc -c < ${path})" -gt 1 ] || sleep 5; echo read`;
    const run = host.exec(line, { ...LIMIT, readOnly: true });
    await eventually(() => countIn(path)).toBe(1);
    await server.kill();
    await server.restart();
    expect(await run).toMatchObject({ exitCode: 0, stdout: 'read' });
    expect(countIn(path)).toBe(2);
  });

  test('a server that accepts and says nothing meets the connect limit', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      silent.close();
    });
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { open } = await serve();
    const host = open({ connectMs: 300, attempts: 2 }, { port });
    const error = await ompayErrorOf(() => host.exec(sh`true`, LIMIT));
    expect(error).toMatchObject({ code: 'timeout', exitCode: 7 });
    expect(error.message).toContain('gave no SSH session within 300 ms');
  });

  test('a host that is down is named, after the tries that were asked for', async () => {
    const { server, open } = await serve();
    await server.kill();
    const error = await ompayErrorOf(() => open({ attempts: 2 }).exec(sh`true`, LIMIT));
    expect(error).toMatchObject({ code: 'hostUnreachable', exitCode: 7 });
    expect(error.message).toMatch(/^web1 \(root@127.0.0.1:\d+\) cannot be reached: ECONNREFUSED$/);
  });

  test('a session that stands still meets the idle limit, and what it ran is ended by another', async () => {
    const { server, host } = await serve();
    const run = ompayErrorOf(() =>
      host.exec(sh`echo begun; sleep 76.2 & sleep 76.2`, { ...LIMIT, idleMs: 1500 }),
    );
    await eventually(() => commandLinesWith('sleep 76.2').length).toBeGreaterThan(1);
    const stopped = server.sessions();
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    expect(await run).toMatchObject({ code: 'timeout' });
    for (const pid of stopped) process.kill(pid, 'SIGKILL');
    await eventually(() => commandLinesWith('sleep 76.2')).toEqual([]);
    expect(await host.exec(sh`echo well`, LIMIT)).toMatchObject({ stdout: 'well' });
  });

  test('a line whose caller is gone is ended by its host', async () => {
    const { server, open } = await serve();
    const host = open({ attempts: 1 });
    const run = host.exec(sh`sleep 76.3 & sleep 76.3`, { timeoutMs: 5000 });
    await eventually(() => commandLinesWith('sleep 76.3').length).toBeGreaterThan(1);
    await server.kill();
    await expect(run).rejects.toMatchObject({ code: 'hostUnreachable' });
    await eventually(() => commandLinesWith('sleep 76.3')).toEqual([]);
  });

  test('a host that was closed connects no more, and its session ends', async () => {
    const { server, host } = await serve();
    await host.exec(sh`true`, LIMIT);
    expect(server.sessions()).toHaveLength(1);
    await host.close();
    await eventually(() => server.sessions().length).toBe(0);
    await expect(host.exec(sh`true`, LIMIT)).rejects.toMatchObject({ code: 'hostUnreachable' });
  });
});
