import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { Host } from '../../src/host/host.ts';
import { sh } from '../../src/shell/line.ts';
import { commandLinesWith } from '../fixtures/command-lines.ts';
import { eventually } from '../fixtures/eventually.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

export interface HostUnderTest {
  readonly host: Host;
  dispose(): Promise<void>;
}

const LIMIT = { timeoutMs: 20_000 };

/** What every host must do. Its files and processes must be this machine's, as they are looked at from here. */
export function hostContract(name: string, make: () => Promise<HostUnderTest>): void {
  describe(`${name} keeps the contract of a host`, () => {
    let place: HostUnderTest;
    let host: Host;
    beforeAll(async () => {
      place = await make();
      host = place.host;
    });
    afterAll(() => place.dispose());
    /** Seconds that no other test sleeps for, so that its processes are known by them. */
    const marked = (number: number): string => `7${number}.${process.pid}${name.length}`;

    test.each([{}, { readOnly: true }])('output and exit code are a result, with %o', async (kind) => {
      const line = sh`echo out; echo err >&2; exit 3`;
      expect(await host.exec(line, { ...LIMIT, ...kind })).toEqual({
        exitCode: 3,
        stdout: 'out',
        stderr: 'err',
      });
    });

    test.each([{}, { readOnly: true }])('an end by a signal is no exit code, with %o', async (kind) => {
      const ended = await host.exec(sh`kill -9 $$`, { ...LIMIT, ...kind });
      expect(ended).toMatchObject({ exitCode: null, signalName: 'SIGKILL' });
    });

    test('stdin arrives whole, also when it is large or not read at all', async () => {
      const stdin = 'é'.repeat(1_000_000);
      for (const kind of [{}, { readOnly: true }]) {
        const counted = await host.exec(sh`wc -c`, { ...LIMIT, ...kind, stdin });
        expect(counted.stdout.trim()).toBe('2000000');
        expect(await host.exec(sh`true`, { ...LIMIT, ...kind, stdin })).toMatchObject({ exitCode: 0 });
        expect(await host.exec(sh`cat`, { ...LIMIT, ...kind })).toMatchObject({ exitCode: 0, stdout: '' });
      }
    });

    test('the time limit ends the shell and all that it started', async () => {
      const line = sh`sleep ${marked(1)} & sleep ${marked(1)}; true`;
      const error = await ompayErrorOf(() => host.exec(line, { timeoutMs: 800 }));
      expect(error.code).toBe('timeout');
      expect(error.message).toContain(`\`${line.shown}\` was still running after 800 ms`);
      await eventually(() => commandLinesWith(`sleep ${marked(1)}`)).toEqual([]);
    });

    test('a command that ignores SIGTERM is killed', async () => {
      const line = sh`trap '' TERM; while true; do sleep ${marked(2)}; done`;
      await expect(host.exec(line, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'timeout' });
      await eventually(() => commandLinesWith(`sleep ${marked(2)}`)).toEqual([]);
    });

    test('the idle limit ends what writes nothing for so long, and not what writes slowly', async () => {
      const slow = sh`for i in 1 2 3 4; do echo $i; sleep 0.3; done`;
      expect(await host.exec(slow, { ...LIMIT, idleMs: 900 })).toMatchObject({ exitCode: 0 });
      const line = sh`echo begun; sleep ${marked(3)} & sleep ${marked(3)}`;
      const error = await ompayErrorOf(() => host.exec(line, { ...LIMIT, idleMs: 500 }));
      expect(error).toMatchObject({ code: 'timeout' });
      expect(error.message).toContain('wrote nothing for 500 ms');
      await eventually(() => commandLinesWith(`sleep ${marked(3)}`)).toEqual([]);
    });

    test('an interruption ends the command and gives the reason', async () => {
      const controller = new AbortController();
      const reason = new Error('the operator pressed Ctrl-C');
      const line = sh`sleep ${marked(4)} & sleep ${marked(4)}`;
      const run = host.exec(line, { ...LIMIT, signal: controller.signal });
      await eventually(() => commandLinesWith(`sleep ${marked(4)}`).length).toBeGreaterThan(1);
      controller.abort(reason);
      await expect(run).rejects.toBe(reason);
      await eventually(() => commandLinesWith(`sleep ${marked(4)}`)).toEqual([]);
      await expect(host.exec(sh`true`, { ...LIMIT, signal: controller.signal })).rejects.toBe(reason);
    });

    test('a secret reaches the command, but no argument list, output or message', async () => {
      const secret = new Secret(`pa'ss word ${process.pid}-7f3a`);
      const seen = join(temporaryFolder(), 'seen');
      const line = sh`printf %s ${secret} > ${seen}; printf 'it is %s\n' ${secret}; sleep ${marked(5)}`;
      const run = ompayErrorOf(() => host.exec(line, { timeoutMs: 2500 }));
      await eventually(() => existsSync(seen) && readFileSync(seen, 'utf8')).toBe(secret.reveal());
      expect(commandLinesWith('7f3a')).toEqual([]);
      expect(commandLinesWith(`sleep ${marked(5)}`)).not.toEqual([]);
      const error = await run;
      expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('7f3a');
      for (const kind of [{}, { readOnly: true }]) {
        const told = await host.exec(sh`printf 'it is %s!' ${secret}`, { ...LIMIT, ...kind });
        expect(told.stdout).toBe('it is ***!');
      }
      await expect(host.exec(line, { ...LIMIT, stdin: 'y' })).rejects.toThrow(TypeError);
    });

    test('large and binary output arrive; output without end is refused and ended', async () => {
      const large = await host.exec(sh`head -c 8000000 /dev/zero | tr '\\0' a`, LIMIT);
      expect(large.stdout).toHaveLength(8_000_000);
      expect(await host.exec(sh`head -c 100000 /dev/urandom`, LIMIT)).toMatchObject({ exitCode: 0 });
      const error = await ompayErrorOf(() => host.exec(sh`yes ${marked(6)}`, LIMIT));
      expect(error.code).toBe('commandFailed');
      expect(error.message).toContain('wrote more than 16777216 bytes');
      await eventually(() => commandLinesWith(`yes ${marked(6)}`)).toEqual([]);
    });

    test('followed lines come while the line still runs, and its end is told', async () => {
      const go = join(temporaryFolder(), 'go');
      const seen: string[] = [];
      const signal = new AbortController().signal;
      const line = sh`echo one; until [ -e ${go} ]; do sleep 0.05; done; printf 'two\\nlast'; echo why >&2; exit 4`;
      const end = host.follow(line, { signal, onLine: (each) => void seen.push(each) });
      await eventually(() => seen).toEqual(['one']);
      writeFileSync(go, '');
      expect(await end).toEqual({ exitCode: 4, stderr: 'why' });
      expect(seen).toEqual(['one', 'two', 'last']);
    });

    test('leaving a followed line ends all that it started', async () => {
      const leaving = new AbortController();
      const reason = new Error('the operator left');
      const line = sh`sleep ${marked(8)} & while true; do echo line; sleep 0.1; done`;
      const end = host.follow(line, { signal: leaving.signal, onLine: () => leaving.abort(reason) });
      await expect(end).rejects.toBe(reason);
      await eventually(() => commandLinesWith(`sleep ${marked(8)}`)).toEqual([]);
    });

    test('a slow reader of followed lines holds the writer, and one that fails ends it', async () => {
      const counter = join(temporaryFolder(), 'count');
      const line = sh`i=0; while [ $i -lt 1000 ]; do i=$((i+1)); head -c 60000 /dev/zero | tr '\\0' a; echo; echo $i >${counter}; done`;
      const signal = new AbortController().signal;
      const written = (): number => Number(existsSync(counter) ? readFileSync(counter, 'utf8') : 0);
      const hold = Promise.withResolvers<void>();
      const end = host.follow(line, { signal, onLine: () => hold.promise });
      const failed = expect(end).rejects.toThrow('enough');
      let before = -1;
      await eventually(() => {
        const stands = before === written() && before > 0;
        before = written();
        return stands;
      }).toBe(true);
      expect(before).toBeLessThan(900);
      hold.reject(new Error('enough'));
      await failed;
    });

    test('a secret of a followed line is masked, and a line without end is cut', async () => {
      const seen: string[] = [];
      const line = sh`printf 'it is %s\n' ${new Secret('hidden-7f3a')}; head -c 200000 /dev/zero | tr '\\0' a`;
      await host.follow(line, {
        signal: new AbortController().signal,
        onLine: (each) => void seen.push(each),
      });
      expect(seen).toEqual(['it is ***', `${'a'.repeat(65_536)}…`]);
    });

    test('many commands at once all get their own output', async () => {
      const lines = Array.from({ length: 24 }, (_, index) => host.exec(sh`sleep 0.1; echo ${index}`, LIMIT));
      const told = (await Promise.all(lines)).map(({ stdout }) => Number(stdout));
      expect(told).toEqual(Array.from({ length: 24 }, (_, index) => index));
    });

    test('what is put can be got again, byte for byte, with its mode; nothing half-made stays', async () => {
      const folder = temporaryFolder();
      const path = join(folder, "a 'file'.bin");
      const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256));
      await host.put('A=é\n', path, 0o644);
      await host.put(bytes, path, 0o600);
      expect(bytes.equals(await host.get(path))).toBe(true);
      expect(statSync(path).mode & 0o7777).toBe(0o600);
      await host.put('', path, 0o640);
      expect(await host.get(path)).toHaveLength(0);
      expect(readdirSync(folder)).toEqual(["a 'file'.bin"]);
    });

    test('a file that is absent is not found, one that is too large is refused', async () => {
      const path = join(temporaryFolder(), 'large');
      await expect(host.get(path)).rejects.toMatchObject({ code: 'notFound' });
      await host.exec(sh`truncate -s 67108865 ${path}`, LIMIT);
      await expect(host.get(path)).rejects.toMatchObject({ code: 'commandFailed' });
      await expect(host.put('x', join(path, 'below'), 0o600)).rejects.toThrow();
    });

    test('a request reaches a unix socket and a port of its loopback', async () => {
      const socketPath = join(temporaryFolder(), 'api.sock');
      const server = createServer((request, answer) => {
        answer.writeHead(201, { 'x-seen': `${request.method} ${request.url}` });
        request.pipe(answer);
      });
      const other = createServer((_, answer) => answer.end('port'));
      onTestFinished(() => {
        server.close();
        other.close();
      });
      await new Promise<void>((resolve) => server.listen(socketPath, resolve));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const request = {
        method: 'POST',
        target: { socketPath },
        path: '/x?y=1',
        body: 'é',
        timeoutMs: 5000,
      } as const;
      expect(await host.request(request)).toMatchObject({
        statusCode: 201,
        body: 'é',
        headers: expect.objectContaining({ 'x-seen': 'POST /x?y=1' }),
      });
      const address = other.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const get = { method: 'GET', path: '/', timeoutMs: 5000 } as const;
      expect(await host.request({ ...get, target: { port } })).toMatchObject({
        statusCode: 200,
        body: 'port',
      });
      await eventually(() => connectionsOf(other)).toBe(0);
    });

    test('a request that nobody answers throws in time', async () => {
      const socketPath = join(temporaryFolder(), 'silent.sock');
      const get = { method: 'GET', path: '/', target: { socketPath }, timeoutMs: 500 } as const;
      await expect(host.request(get)).rejects.toMatchObject({ code: 'hostUnreachable' });
      const silent = createServer(() => {});
      onTestFinished(() => {
        silent.closeAllConnections();
        silent.close();
      });
      await new Promise<void>((resolve) => silent.listen(socketPath, resolve));
      await expect(host.request(get)).rejects.toMatchObject({ code: 'timeout' });
    });
  });
}

function connectionsOf(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
