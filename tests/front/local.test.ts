import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { otherSlot, type Slot } from '../../src/core/layout.ts';
import { waitDrained } from '../../src/core/slots/drain.ts';
import { frontCounts } from '../../src/front/front-client.ts';
import { eventually, type Installation, kill, openInstallation } from './installation.ts';
import { startLoad } from './load.ts';

let installation: Installation;
let port: number;

beforeEach(async () => {
  installation = openInstallation();
  port = await freePort();
  await installation.startSupervisor();
  await installation.put(installation.slot('blue'));
  await accepts({ path: installation.layout.slotSockets.blue });
  await installation.put(installation.front(port));
  await accepts({ port });
  await switchTo('blue');
});

afterEach(() => installation[Symbol.asyncDispose]());

describe('killing a process of a running installation', () => {
  // How soon: npm run bench:kill.
  test('the front answers again', async () => {
    await kill(installation, 'front');
    await eventually(async () => (await get(port)) ?? undefined);
  });

  test('requests that come while the slot is away wait for it, and each reaches it once', async () => {
    await switchTo('green');
    const pending = Array.from({ length: 20 }, () => get(port));
    await eventually(async () => {
      const { targets } = await frontCounts(installation.layout.frontSocket);
      return targets['green.sock']?.connectWaits === 20 || undefined;
    });
    await installation.put(installation.slot('green'));
    const answers = await Promise.all(pending);
    expect(answers.map((answer) => answer?.seen).sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('the slot comes back by itself', async () => {
    const blue = await kill(installation, 'blue');
    const answer = await eventually(async () => (await get(port)) ?? undefined);
    expect(answer.pid).not.toBe(blue);
    expect(installation.processes('blue')).toEqual([answer.pid]);
  });

  test('front and supervisor at the same time: both come back, and nothing runs twice', async () => {
    const front = installation.pidOf('front');
    await kill(installation, 'supervisor');
    const revived = await eventually(async () => installation.supervisor.status().catch(() => undefined));
    expect(installation.processes('front')).toEqual([front]);
    process.kill(front, 'SIGKILL');
    await eventually(async () => (await get(port)) ?? undefined);
    expect(revived.services).toHaveLength(2);
    expect(installation.processes('front')).toHaveLength(1);
    expect(installation.processes('blue')).toHaveLength(1);
  });
});

describe('switching under load', () => {
  const SWITCHES = 20;
  const CONNECTIONS = 64;

  test('20 switches fail no request, as the old slot is stopped once nothing is connected to it', async () => {
    const { requests, failures } = await switchUnderLoad(SWITCHES, async (old) => {
      await waitDrained(installation.layout.slotSockets[old], 10_000, systemClock);
    });
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(SWITCHES * CONNECTIONS);
    const { targets } = await frontCounts(installation.layout.frontSocket);
    const seen = Object.values(targets);
    expect(seen.reduce((sum, each) => sum + each.status['2xx'], 0)).toBeGreaterThanOrEqual(requests);
    expect(seen.reduce((sum, each) => sum + each.upstreamErrors, 0)).toBe(0);
  });

  test('the control: ended right after the switch, requests do fail', async () => {
    const { failures } = await switchUnderLoad(3, async (old) => {
      await kill(installation, old);
    });
    expect(failures.length).toBeGreaterThan(0);
  });

  async function switchUnderLoad(switches: number, beforeStop: (old: Slot) => Promise<void>) {
    const load = startLoad(port, CONNECTIONS);
    let live: Slot = 'blue';
    for (let done = 0; done < switches; done += 1) {
      const old = live;
      live = otherSlot(old);
      await installation.put(installation.slot(live));
      await accepts({ path: installation.layout.slotSockets[live] });
      const before = load.sent();
      await eventually(() => load.sent() > before + CONNECTIONS || undefined);
      await switchTo(live);
      await beforeStop(old);
      await installation.remove(old);
    }
    return load.stop();
  }
});

async function switchTo(slot: Slot): Promise<void> {
  await installation.supervisor.switchTo({ slot, fencingToken: 1 });
}

interface SlotAnswer {
  readonly slot: string;
  readonly pid: number;
  readonly seen: number;
}

/** Null when no 200 came. */
function get(toPort: number): Promise<SlotAnswer | null> {
  return new Promise((resolve) => {
    const outgoing = request({ port: toPort, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve(answer.statusCode === 200 ? JSON.parse(text) : null));
      answer.on('error', () => resolve(null));
    });
    outgoing.on('error', () => resolve(null));
    outgoing.end();
  });
}

/** Resolves once something accepts connections there. */
async function accepts(target: { path: string } | { port: number }): Promise<void> {
  await eventually(
    () =>
      new Promise<true | undefined>((resolve) => {
        const socket = connect(target);
        socket.once('connect', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => resolve(undefined));
      }),
  );
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}
