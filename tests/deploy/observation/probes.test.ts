import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createProber, type Prober } from '../../../src/deploy/observation/probes.ts';
import { localHost } from '../../../src/host/local.ts';

interface Reply {
  readonly status: number;
  readonly body?: string;
}

/** What was asked of a server that answers as the API does, in order. */
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const LOGIN = '{"data":{"access_token":"token"}}';
const ACCOUNTS = { sender: '700000001', recipient: '700000002', distributor: '700000003', password: 'probe' };

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

async function api(replies: Readonly<Record<string, Reply>> = {}): Promise<{ path: string; seen: Seen[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-probes-'));
  const path = join(folder, 'api.sock');
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const asked = request.url ?? '';
    seen.push({ method: request.method ?? '', path: asked, headers: request.headers, body });
    const reply = replies[asked] ?? { status: 200, body: asked.endsWith('login') ? LOGIN : '{}' };
    response.writeHead(reply.status).end(reply.body ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  ending.push(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path, seen };
}

function prober(front: string, control: string | null = null): Prober {
  return createProber({
    host: localHost(),
    clock: systemClock,
    signal: new AbortController().signal,
    front: { socketPath: front },
    control: control === null ? null : { socketPath: control },
    accounts: async () => ACCOUNTS,
    run: 'RUN',
  });
}

describe('our own requests in one second', () => {
  test('are health, balance and a transfer, each marked as a probe, spread over the second', async () => {
    const { path, seen } = await api();
    const startedMs = performance.now();
    const tally = await prober(path).second(20);
    expect(performance.now() - startedMs).toBeGreaterThan(800);
    expect(tally).toMatchObject({ wrong: 0, wrongUnseen: 0, control: null });
    expect(tally.sent).toBeGreaterThanOrEqual(10);
    expect(seen.every(({ headers }) => headers['x-ompay-probe'] === '1')).toBe(true);
    const paths = new Set(seen.map((each) => each.path));
    expect(paths).toContain('/health');
    expect(paths).toContain('/api/ompay/balance');
    const transfer = seen.find((each) => each.path === '/api/ompay/transfer');
    expect(transfer?.headers['idempotency-key']).toBe('probe-RUN-10/api/ompay/transfer');
    expect(transfer?.body).toContain('"amount":100');
  });

  test('ask the old release the same reads, and nothing that moves money', async () => {
    const [front, old] = [await api(), await api()];
    const tally = await prober(front.path, old.path).second(20);
    expect(new Set(old.seen.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set(['GET /api/ompay/balance']),
    );
    expect(tally.control?.counts.reduce((sum, count) => sum + count, 0)).toBe(old.seen.length);
  });

  test('count a refusal that the front calls no failure, and how many came in a row', async () => {
    const { path } = await api({ '/api/ompay/balance': { status: 401 } });
    const asking = prober(path);
    const tally = await asking.second(8);
    expect(tally.wrongUnseen).toBeGreaterThanOrEqual(2);
    expect(asking.wrongInRow()).toBeGreaterThanOrEqual(2);
  });

  test('leave 5xx to the front, which counts them already', async () => {
    const { path } = await api({ '/api/ompay/balance': { status: 500 } });
    const tally = await prober(path).second(8);
    expect(tally).toMatchObject({ wrongUnseen: 0 });
    expect(tally.wrong).toBeGreaterThanOrEqual(2);
  });

  test('say nothing while a rate limit keeps them out', async () => {
    const { path } = await api({ '/api/auth/login': { status: 429 } });
    const asking = prober(path);
    // The one that was answered is /health.
    expect(await asking.second(8)).toMatchObject({ sent: 1, wrong: 0 });
    expect(asking.wrongInRow()).toBe(0);
  });

  test('supply an account that has no money for its transfer', async () => {
    const refused = { status: 400, body: '{"code":"solde_insuffisant"}' };
    const { path, seen } = await api({ '/api/ompay/transfer': refused });
    expect(await prober(path).second(20)).toMatchObject({ wrong: 0 });
    expect(seen.find((each) => each.path === '/api/ompay/deposit')?.body).toContain('"amount":2000');
  });

  test('log out when they are no more needed', async () => {
    const { path, seen } = await api();
    const asking = prober(path);
    await asking.second(4);
    await asking.close();
    expect(seen.filter((each) => each.path === '/api/ompay/logout')).toHaveLength(3);
  });
});
