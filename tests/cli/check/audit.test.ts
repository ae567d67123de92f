import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { auditOf } from '../../../src/cli/kit/checks/audit.ts';
import { localHost } from '../../../src/host/local.ts';
import { manualClock } from '../../fixtures/clock.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

const DAY_MS = 86_400_000;
const signal = new AbortController().signal;

interface Registry {
  readonly port: number;
  /** Paths that were asked for. */
  readonly asked: string[];
}

/** A registry of one package, on this machine, that knows the given advisories. */
async function registry(advisories: object | number): Promise<Registry> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.url));
    request.resume().on('end', () => answer(request, response, advisories));
  });
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, asked };
}

function answer(
  { url, method }: IncomingMessage,
  response: ServerResponse,
  advisories: object | number,
): void {
  const isAudit = method === 'POST' && url === '/-/npm/v1/security/advisories/bulk';
  if (isAudit && typeof advisories === 'number') response.writeHead(advisories).end();
  else if (isAudit) json(response, advisories);
  else if (url === '/tiny') json(response, PACKUMENT);
  else response.writeHead(404).end();
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const PACKUMENT = { name: 'tiny', versions: { '1.0.0': { name: 'tiny', version: '1.0.0' } } };
const HOLE = {
  tiny: [
    { id: 1, url: 'https://example.test/1', title: 'a hole', severity: 'high', vulnerable_versions: '<2' },
  ],
};

/** A project with one dependency, whose npm asks that registry. */
function project({ port }: Registry): string {
  const root = temporaryFolder();
  const dependencies = { tiny: '1.0.0' };
  const packages = {
    '': { name: 'p', version: '1.0.0', dependencies },
    'node_modules/tiny': { version: '1.0.0', integrity: 'sha512-x' },
  };
  const lock = { name: 'p', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'p', version: '1.0.0', dependencies }));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
  mkdirSync(join(root, 'node_modules/tiny'), { recursive: true });
  writeFileSync(
    join(root, 'node_modules/tiny/package.json'),
    JSON.stringify({ name: 'tiny', version: '1.0.0' }),
  );
  const settings = [`registry${'='}http://127.0.0.1:${port}/`, 'fetch-retries=0', 'update-notifier=false'];
  writeFileSync(join(root, '.npmrc'), `${settings.join('\n')}\n`);
  return root;
}

function kitFor(root: string, network = true) {
  return { programRoot: root, host: localHost(), clock: manualClock(), network };
}

test('the registry that npm is configured with tells, once a day for the same packages', async () => {
  const server = await registry({});
  const kit = kitFor(project(server));
  const audit = await auditOf(kit, DAY_MS, signal);
  expect(audit).toMatchObject({ at: '2026-01-02T03:04:05.000Z', vulnerabilities: { high: 0, critical: 0 } });
  const { length } = server.asked;
  expect(length).toBeGreaterThan(0);
  kit.clock.pass(DAY_MS);
  expect(await auditOf(kit, DAY_MS, signal)).toEqual(audit);
  expect(await auditOf({ ...kit, network: false }, DAY_MS, signal)).toEqual(audit);
  expect(server.asked).toHaveLength(length);
  kit.clock.pass(1);
  expect(await auditOf({ ...kit, network: false }, DAY_MS, signal)).toBeUndefined();
  expect((await auditOf(kit, DAY_MS, signal))?.at).toBe('2026-01-03T03:04:05.001Z');
});

test('a known hole is counted under its severity', async () => {
  const audit = await auditOf(kitFor(project(await registry(HOLE))), DAY_MS, signal);
  expect(audit).toMatchObject({ packages: 2, vulnerabilities: { high: 1, low: 0 } });
});

test('other packages are another audit, and without a network nobody is asked', async () => {
  const server = await registry({});
  const root = project(server);
  await auditOf(kitFor(root), DAY_MS, signal);
  const { length } = server.asked;
  writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
  expect(await auditOf(kitFor(root, false), DAY_MS, signal)).toBeUndefined();
  expect(server.asked).toHaveLength(length);
});

test.each([405, 500])(
  'a registry that answers %d gives no audit, which is not a vulnerability',
  async (status) => {
    const error = await ompayErrorOf(async () =>
      auditOf(kitFor(project(await registry(status))), DAY_MS, signal),
    );
    expect(error).toMatchObject({
      code: 'hostUnreachable',
      message: `the registry gave no audit (${status})`,
    });
  },
);

test('a registry that is away gives no audit', async () => {
  const root = project({ port: 1, asked: [] });
  const error = await ompayErrorOf(() => auditOf(kitFor(root), DAY_MS, signal));
  expect(error).toMatchObject({
    code: 'hostUnreachable',
    hint: expect.stringContaining('npm audit --omit=dev'),
  });
});
