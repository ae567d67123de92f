import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fingerprintOf } from '../../../src/host/ssh/known-hosts.ts';
import type { SshTarget } from '../../../src/host/ssh/target.ts';
import { sshHost } from '../../../src/host/ssh.ts';
import { sh } from '../../../src/shell/line.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { allowSudo, temporaryUser } from '../../fixtures/login-user.ts';
import { makeKey, publicKey, SSHD_ABSENT, type SshServer, startSshd } from '../../fixtures/sshd.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

const LIMIT = { timeoutMs: 20_000 };

describe.skipIf(SSHD_ABSENT !== undefined)('who is trusted over SSH', () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd([], ['ed25519', 'rsa', 'ecdsa']);
  });
  afterAll(() => server.stop());

  function open(differently: Partial<SshTarget>) {
    const host = sshHost(server.target(differently), { attempts: 1 });
    onTestFinished(() => host.close());
    return host;
  }
  const whoami = (differently: Partial<SshTarget>) => open(differently).exec(sh`id -un`, LIMIT);
  const refusalOf = (differently: Partial<SshTarget>) => ompayErrorOf(() => whoami(differently));

  function knownHosts(...lines: readonly string[]): string {
    const path = join(temporaryFolder(), 'known_hosts');
    writeFileSync(path, lines.join('\n'), { mode: 0o600 });
    return path;
  }
  const strict = (...lines: readonly string[]): Partial<SshTarget> => ({
    hostKey: { mode: 'strict', knownHostsPath: knownHosts(...lines) },
  });
  const name = () => `[127.0.0.1]:${server.port}`;
  const stranger = () => publicKey(makeKey(temporaryFolder(), 'stranger', 'ed25519'));

  test('a key of any type that known_hosts has is good, also hashed, among others', async () => {
    const { rsa, ecdsa, ed25519 } = server.hostKeys;
    expect(await whoami(strict(`${name()} ${rsa}`))).toMatchObject({ stdout: 'root' });
    expect(await whoami(strict('# ours', `web1,${name()} ${ecdsa} a comment`))).toMatchObject({
      stdout: 'root',
    });
    const path = knownHosts(`${name()} ${stranger()}`, `${name()} ${ed25519}`, '');
    execFileSync('ssh-keygen', ['-q', '-H', '-f', path], { stdio: 'ignore' });
    expect(readFileSync(path, 'utf8')).not.toContain('127.0.0.1');
    expect(await whoami({ hostKey: { mode: 'strict', knownHostsPath: path } })).toMatchObject({
      stdout: 'root',
    });
  });

  test('an unknown key is refused, with the fingerprint to compare', async () => {
    const error = await refusalOf(strict(`127.0.0.1 ${server.hostKeys.ed25519}`));
    expect(error).toMatchObject({ code: 'hostNotTrusted', exitCode: 7 });
    expect(error.message).toMatch(
      /^web1 \(root@127.0.0.1:\d+\) is not trusted: its key ssh-ed25519 SHA256:\S+ is not in /,
    );
    expect(error.hint).toContain('ssh-keyscan');
    expect(
      await refusalOf({ hostKey: { mode: 'strict', knownHostsPath: '/nonexistent/known' } }),
    ).toMatchObject({
      code: 'hostNotTrusted',
    });
  });

  test('a changed key is refused, also by accept-new, and the file stays', async () => {
    const path = knownHosts(`${name()} ${stranger()}`);
    const before = readFileSync(path, 'utf8');
    for (const mode of ['strict', 'accept-new'] as const) {
      const error = await refusalOf({ hostKey: { mode, knownHostsPath: path } });
      expect(error.code).toBe('hostNotTrusted');
      expect(error.message).toContain('somebody may be in between');
      expect(error.hint).toContain(`ssh-keygen -R '${name()}'`);
    }
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('a stranger cannot come with a key of another type', async () => {
    const other = await startSshd([], ['rsa']);
    onTestFinished(() => other.stop());
    const error = await refusalOf({ port: other.port, ...strict(`[127.0.0.1]:${other.port} ${stranger()}`) });
    expect(error.code).toBe('hostNotTrusted');
    expect(error.message).toContain('no handshake with a key of a known type (ssh-ed25519)');
  });

  test('a revoked key is refused, whatever else is said of it', async () => {
    const { ed25519 } = server.hostKeys;
    const error = await refusalOf(strict(`@revoked * ${ed25519}`, `${name()} ${ed25519}`));
    expect(error.message).toContain('is revoked in');
  });

  test('accept-new adds an unknown key once, to a file of its owner alone, and knows it from then on', async () => {
    const path = join(temporaryFolder(), 'known_hosts');
    const anew: Partial<SshTarget> = { hostKey: { mode: 'accept-new', knownHostsPath: path } };
    await whoami(anew);
    await whoami(anew);
    expect(readFileSync(path, 'utf8')).toBe(`${name()} ${server.hostKeys.ed25519}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await whoami({ hostKey: { mode: 'strict', knownHostsPath: path } })).toMatchObject({
      stdout: 'root',
    });
  });

  test('a pinned fingerprint alone decides', async () => {
    const key = Buffer.from(server.hostKeys.ed25519?.split(' ')[1] ?? '', 'base64');
    const pinned = (fingerprint: string): Partial<SshTarget> => ({
      hostKey: { mode: 'pinned', fingerprints: [fingerprint] },
    });
    expect(await whoami(pinned(fingerprintOf(key)))).toMatchObject({ stdout: 'root' });
    expect((await refusalOf(pinned('SHA256:other'))).message).toContain('none of the pinned ones');
  });

  test('a wrong user, a wrong key: access is denied', async () => {
    const error = await refusalOf({ user: 'nobody-here' });
    expect(error).toMatchObject({ code: 'accessDenied', exitCode: 7 });
    expect(error.message).toContain('lets nobody-here not log in with');
    const wrong = makeKey(temporaryFolder(), 'wrong', 'ed25519');
    expect(await refusalOf({ login: { keyPath: wrong } })).toMatchObject({ code: 'accessDenied' });
  });

  test('a key with a passphrase, open to others, or none at all is named', async () => {
    const folder = temporaryFolder();
    const locked = makeKey(folder, 'locked', 'ed25519', 'a passphrase');
    const error = await refusalOf({ login: { keyPath: locked } });
    expect(error).toMatchObject({ code: 'configInvalid', exitCode: 2 });
    expect(error.message).toContain('has a passphrase');
    expect(error.hint).toContain('ssh-add');
    const open = join(folder, 'open');
    writeFileSync(open, 'no key', { mode: 0o644 });
    expect((await refusalOf({ login: { keyPath: open } })).hint).toBe(`chmod 600 ${open}`);
    execFileSync('chmod', ['600', open]);
    expect((await refusalOf({ login: { keyPath: open } })).message).toContain('is no private key');
    expect((await refusalOf({ login: { keyPath: join(folder, 'none') } })).message).toContain(
      'cannot be read',
    );
    expect((await refusalOf({ login: {} })).message).toContain('neither a key nor an agent');
  });

  test('an agent opens what a key with a passphrase cannot', async () => {
    const folder = temporaryFolder();
    const agentSocket = join(folder, 'agent.sock');
    const told = execFileSync('ssh-agent', ['-a', agentSocket], { encoding: 'utf8' });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(told)?.[1]);
    onTestFinished(() => {
      process.kill(pid);
    });
    const environment = { PATH: '/usr/bin:/bin', SSH_AUTH_SOCK: agentSocket };
    execFileSync('ssh-add', ['-q', server.keyPath], { env: environment, stdio: 'ignore' });
    const locked = makeKey(folder, 'locked', 'ed25519', 'a passphrase');
    expect(await whoami({ login: { agentSocket } })).toMatchObject({ stdout: 'root' });
    expect(await whoami({ login: { agentSocket, keyPath: locked } })).toMatchObject({ stdout: 'root' });
  });

  test('lines run as root by sudo, and end by it; where it asks for a password, that is told', async () => {
    const user = temporaryUser();
    const error = await refusalOf({ user, sudo: true });
    expect(error).toMatchObject({ code: 'accessDenied', exitCode: 7 });
    expect(error.message).toContain(
      `(${user}@127.0.0.1:${server.port}) cannot become root without a password: sudo:`,
    );
    expect(await whoami({ user })).toMatchObject({ stdout: user });
    allowSudo(user);
    const host = open({ user, sudo: true });
    expect(await host.exec(sh`id -un`, LIMIT)).toMatchObject({ stdout: 'root' });
    const path = join(temporaryFolder(), 'of-root');
    await host.put('x', path, 0o600);
    expect(statSync(path).uid).toBe(0);
    await expect(host.exec(sh`sleep 75.5 & sleep 75.5`, { timeoutMs: 700 })).rejects.toMatchObject({
      code: 'timeout',
      message: '`sleep 75.5 & sleep 75.5` was still running after 700 ms on web1',
    });
  });

  test('a user without a shell runs no command', async () => {
    const error = await refusalOf({ user: 'nobody' });
    expect(error).toMatchObject({ code: 'accessDenied' });
    expect(error.message).toContain('runs no command');
  });

  test('a host behind a jump host is reached through it, each with its own key', async () => {
    const inner = await startSshd();
    onTestFinished(() => inner.stop());
    const host = sshHost(inner.target({ name: 'db1', jump: server.target({ name: 'lb' }) }), { attempts: 1 });
    onTestFinished(() => host.close());
    const seen = await host.exec(sh`echo $SSH_CONNECTION`, LIMIT);
    expect(seen.stdout).toContain(` ${inner.port}`);
    const jump = server.target({ name: 'lb', ...strict(`${name()} ${stranger()}`) });
    const refused = sshHost(inner.target({ name: 'db1', jump }), { attempts: 1 });
    onTestFinished(() => refused.close());
    expect((await ompayErrorOf(() => refused.exec(sh`true`, LIMIT))).message).toMatch(
      /^lb \(.*is not trusted/,
    );
  });
});
