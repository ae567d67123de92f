import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { isAlive } from '../../src/core/process.ts';
import { runToEnd, type ScratchProgram, serve } from '../../src/deploy/handlers/scratch-process.ts';
import { localHost } from '../../src/host/local.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startProgram } from '../fixtures/program.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

/** Notes its pid, then does what the source says. */
function program(source: string, environment: Readonly<Record<string, string>> = {}): ScratchProgram {
  const folder = temporaryFolder();
  const noting = "import { writeFileSync } from 'node:fs';\nwriteFileSync('pid', String(process.pid));\n";
  writeFileSync(join(folder, 'program.mjs'), `${noting}${source}\n`);
  return { nodePath: process.execPath, folder, args: ['program.mjs', 'word'], environment };
}

function isRunning({ folder }: ScratchProgram): boolean {
  try {
    return isAlive({ pid: Number(readFileSync(join(folder, 'pid'), 'utf8')), startTime: '' });
  } catch {
    return false;
  }
}

const HEALTHY = `
import { createServer } from 'node:http';
createServer((_request, response) => response.end('{}')).listen('api.sock');`;
const place = ({ folder }: ScratchProgram, signal = new AbortController().signal) => ({
  host: localHost(),
  socketPath: join(folder, 'api.sock'),
  clock: systemClock,
  signal,
});

it('a program is run to its end with the environment that is given, and no other', async () => {
  const source =
    'process.stdout.write(JSON.stringify({ names: Object.keys(process.env), word: process.argv[2] }));\nprocess.exitCode = 3;';
  const seen = await runToEnd(program(source, { APP_KEY: 'x' }), new AbortController().signal);
  expect(seen).toEqual({ exitCode: 3, stdout: '{"names":["PATH","APP_KEY"],"word":"word"}', stderr: '' });
});

it('a program is killed when its run is interrupted', async () => {
  const endless = program('setInterval(() => {}, 1000);');
  const interrupt = new AbortController();
  const running = runToEnd(endless, interrupt.signal);
  await expect.poll(() => isRunning(endless), { timeout: 20_000 }).toBe(true);
  interrupt.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow('interrupted');
  expect(isRunning(endless)).toBe(false);
});

it('a server is waited for until it is healthy, and then stopped', async () => {
  const api = program(HEALTHY);
  const server = await serve(api, place(api));
  expect(isRunning(api)).toBe(true);
  await server.stop();
  expect(isRunning(api)).toBe(false);
});

it('a server that ends at its start says its last words', async () => {
  const broken = program("throw new Error('no such column');");
  expect(await ompayErrorOf(() => serve(broken, place(broken)))).toMatchObject({
    code: 'checkBlocked',
    message: expect.stringMatching(/^it ended: .*Error: no such column$/),
  });
});

it('nothing is left of it when the command that started it is killed', async () => {
  const endless = program('setInterval(() => {}, 1000);');
  const starter = startProgram('scratch-starter.ts', [endless.folder]);
  await expect.poll(() => isRunning(endless), { timeout: 20_000 }).toBe(true);
  starter.process.kill('SIGKILL');
  await expect.poll(() => isRunning(endless), { timeout: 20_000 }).toBe(false);
});
