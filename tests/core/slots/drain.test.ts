import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { connectionsOf, waitDrained } from '../../../src/core/slots/drain.ts';

let folder: string;
let server: Server;
let path: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ompay-drain-'));
  path = join(folder, 'blue.sock');
  server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(path, resolve));
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(to: string): Promise<Socket> {
  const socket = connect(to);
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

test('a socket with only its listener is drained, by what the kernel says', async () => {
  expect(await waitDrained(path, 1000, systemClock)).toMatchObject({ proof: '/proc/net/unix' });
});

test('an open connection holds it up until it closes', async () => {
  const socket = await open(path);
  expect(connectionsOf(path)).toBe(1);
  const drained = waitDrained(path, 5000, systemClock);
  setTimeout(() => socket.destroy(), 100);
  expect((await drained).drainMs).toBeGreaterThanOrEqual(95);
  expect(connectionsOf(path)).toBe(0);
});

test('one that stays open is named when the time is over', async () => {
  await open(path);
  await expect(waitDrained(path, 60, systemClock)).rejects.toMatchObject({
    code: 'timeout',
    message: `1 connections to ${path} were still open after 60 ms`,
  });
});

test('connections of a socket whose path only begins the same do not count', async () => {
  const other = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => other.listen(`${path}2`, resolve));
  await open(`${path}2`);
  expect(connectionsOf(path)).toBe(0);
  other.close();
});
