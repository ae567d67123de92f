import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listenOnSocket } from '../../src/core/unix-socket.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

function server(): Server {
  const created = createServer((socket) => socket.end('hello'));
  onTestFinished(() => {
    created.close();
  });
  return created;
}

async function heard(path: string): Promise<string> {
  const [data] = await once(connect(path), 'data');
  return String(data);
}

test('a socket is listened on, for this user alone', async () => {
  const path = join(temporaryFolder(), 'a.sock');
  await listenOnSocket(server(), path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await heard(path)).toBe('hello');
});

test('the file that a killed process left is replaced', async () => {
  const path = join(temporaryFolder(), 'a.sock');
  const script = 'require("net").createServer().listen(process.argv[1], () => console.log("up"))';
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  expect(await ompayErrorOf(() => listenOnSocket(server(), path))).toMatchObject({
    code: 'stateUnusable',
    message: `the socket ${path} is in use: a process answers there`,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await listenOnSocket(server(), path);
  expect(await heard(path)).toBe('hello');
});

test('a file that is no socket is left alone', async () => {
  const path = join(temporaryFolder(), 'a.sock');
  writeFileSync(path, 'precious');
  await expect(listenOnSocket(server(), path)).rejects.toMatchObject({ code: 'stateUnusable' });
  expect(statSync(path).isFile()).toBe(true);
});

test('a folder that does not exist is said by the system', async () => {
  const path = join(temporaryFolder(), 'none', 'a.sock');
  await expect(listenOnSocket(server(), path)).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
});
