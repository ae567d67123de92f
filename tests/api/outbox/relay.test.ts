import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { KeyRing } from '../../../src/api/auth/keys.ts';
import { deliverHanded } from '../../../src/api/outbox/delivery.ts';
import type { Message } from '../../../src/api/outbox/drivers.ts';
import { openJobQueue } from '../../../src/api/outbox/jobs.ts';
import { enqueue, MAX_ATTEMPTS, readOutbox, reviveDead } from '../../../src/api/outbox/queue.ts';
import { relayOnce } from '../../../src/api/outbox/relay.ts';
import { startMessages, startWorker } from '../../../src/api/outbox/worker.ts';
import { linkRedis, NO_REDIS, type RedisLink } from '../../../src/api/redis/link.ts';
import { deriveKeys } from '../../../src/api/services.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';
import { REDIS_ABSENT, type RedisServer, startRedis } from '../../fixtures/redis.ts';

let api: TestApi;
let key: KeyRing;
beforeAll(async () => {
  api = await startApi();
  key = deriveKeys(api.settings).outbox;
});
afterAll(() => api.close());
beforeEach(() => api.database.kysely.deleteFrom('outbox').execute());

async function write(...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    const message = { channel: 'sms', recipient: '+221771234567', body } as const;
    await enqueue(api.database.kysely, message, { key, now: api.clock.now() });
  }
}

async function delivered(): Promise<number> {
  const all = await readOutbox(api.database.kysely, key, { limit: 1_000 });
  return all.filter(({ deliveredAtMs }) => deliveredAtMs > 0).length;
}

test('without a queue in Redis, both the API and a worker read the outbox themselves', async () => {
  const sent: string[] = [];
  const { database, clock, foundations, settings } = api;
  const deliver = async ({ body }: Message): Promise<void> => {
    sent.push(body);
  };
  const parts = { database, clock, key, deliver, settings, redis: NO_REDIS, log: foundations.log };
  for (const [before, start] of [startMessages, startWorker].entries()) {
    await write(start.name);
    const messages = await start(parts, 1);
    onTestFinished(() => messages.stop());
    await expect.poll(delivered).toBe(before + 1);
    await messages.stop();
  }
  expect(sent).toEqual(['startMessages', 'startWorker']);
});

describe.skipIf(REDIS_ABSENT !== undefined)('messages handed to workers through Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(['--maxmemory-policy', 'noeviction']);
  });
  afterAll(() => server.stop());
  beforeEach(() => server.ask((redis) => redis.flushall()));

  interface Sent {
    readonly by: string;
    readonly body: string;
  }

  /** Starts a part of the messages' way, and ends it with the test or before. */
  async function begin(
    kind: 'api' | 'worker',
    name: string,
    sent: Sent[],
    fail: (message: Message) => boolean = () => false,
  ): Promise<{ readonly link: RedisLink; stop(): Promise<void> }> {
    const { database, clock, foundations } = api;
    const settings = { redis: { ...server.settings, prefix: 'outbox-test' } };
    const redis = await linkRedis(settings.redis, clock, foundations.log);
    const deliver = async (message: Message): Promise<void> => {
      if (fail(message)) throw new Error('the gateway answered 500');
      sent.push({ by: name, body: message.body });
    };
    const parts = { database, clock, key, deliver, settings, redis, log: foundations.log };
    const messages = kind === 'api' ? await startMessages(parts) : await startWorker(parts, 4);
    let stopped = false;
    const stop = async (): Promise<void> => {
      if (stopped) return;
      stopped = true;
      await messages.stop();
      await redis.close();
    };
    onTestFinished(stop);
    await expect.poll(redis.state).toBe('ok');
    return { link: redis, stop };
  }

  async function workersAreSeen(): Promise<void> {
    await expect.poll(() => server.ask((redis) => redis.exists('outbox-test:workers'))).toBe(1);
  }

  const bodies = Array.from({ length: 40 }, (_body, index) => `n° ${index}`);

  test('two workers deliver each message once', async () => {
    const sent: Sent[] = [];
    await begin('worker', 'first', sent);
    await begin('worker', 'second', sent);
    await workersAreSeen();
    await begin('api', 'api', sent);
    await begin('api', 'api', sent);
    await write(...bodies);
    await expect.poll(delivered, { timeout: 20_000 }).toBe(bodies.length);
    expect(sent).toHaveLength(bodies.length);
    expect(new Set(sent.map(({ body }) => body))).toEqual(new Set(bodies));
    expect(sent.map(({ by }) => by)).toContain('first');
  });

  test('where no worker is, the API delivers', async () => {
    const sent: Sent[] = [];
    await begin('api', 'api', sent);
    await write('seul');
    await expect.poll(delivered).toBe(1);
    expect(sent).toEqual([{ by: 'api', body: 'seul' }]);
  });

  test('killed, Redis holds up no message; back again, workers go on', async () => {
    const sent: Sent[] = [];
    await begin('worker', 'worker', sent);
    await workersAreSeen();
    const relay = await begin('api', 'api', sent);
    await server.kill();
    await write('sans redis');
    await expect.poll(delivered).toBe(1);
    await server.restart();
    await expect.poll(relay.link.state).toBe('ok');
    await workersAreSeen();
    await write('de retour');
    await expect.poll(delivered, { timeout: 20_000 }).toBe(2);
    expect(sent).toEqual([
      { by: 'api', body: 'sans redis' },
      { by: 'worker', body: 'de retour' },
    ]);
  });

  test('a try is made once, however often it is handed on', async () => {
    await write('une fois');
    const sent: string[] = [];
    const [message] = await readOutbox(api.database.kysely, key, { limit: 1 });
    const { database, clock, foundations } = api;
    const deliver = async ({ body }: Message): Promise<void> => {
      sent.push(body);
    };
    const parts = { database, clock, key, deliver, log: foundations.log };
    const handed = { id: message?.id ?? '', attempts: 0 };
    await Promise.all([deliverHanded(parts, handed), deliverHanded(parts, handed)]);
    await deliverHanded(parts, handed);
    expect(sent).toEqual(['une fois']);
  });

  test('a queue that does not answer is given up in time, and the API delivers', async () => {
    const sent: Sent[] = [];
    const settings = { ...server.settings, prefix: 'outbox-test' };
    const queue = openJobQueue(settings, api.clock);
    server.pause();
    onTestFinished(() => server.resume());
    await expect(queue.hand([{ id: 'a', attempts: 0 }])).rejects.toThrow('took longer than 2000 ms');
    const redis: RedisLink = { ...NO_REDIS, ask: (work) => server.ask(work) };
    server.resume();
    await server.ask((client) => client.set('outbox-test:workers', ''));
    await write('quand même');
    const { database, clock, foundations } = api;
    const deliver = async ({ body }: Message): Promise<void> => {
      sent.push({ by: 'api', body });
    };
    const deaf = { hand: () => Promise.reject(new Error('deaf')), close: async () => {} };
    const parts = { database, clock, key, deliver, log: foundations.log, redis, prefix: 'outbox-test' };
    expect(await relayOnce({ ...parts, queue: deaf })).toBe(1);
    expect(sent).toEqual([{ by: 'api', body: 'quand même' }]);
    const asked: unknown[] = [];
    const counting = { ...deaf, hand: async (due: unknown) => void asked.push(due) };
    expect(await relayOnce({ ...parts, queue: counting })).toBe(0);
    expect(asked, 'nothing waits: the queue is left alone').toEqual([]);
    await write('encore');
    expect(await relayOnce({ ...parts, queue })).toBe(1);
    expect(await server.ask((client) => client.llen('outbox-test:queue:outbox:wait'))).toBe(1);
    await queue.close();
  });

  test('what Redis forgot is handed on again, and delivered once', async () => {
    const sent: Sent[] = [];
    const announced = setInterval(() => {
      void server.ask((redis) => redis.set('outbox-test:workers', '', 'PX', 3_000)).catch(() => {});
    }, 200);
    onTestFinished(() => clearInterval(announced));
    await workersAreSeen();
    await begin('api', 'api', sent);
    await write(...bodies);
    const handed = async (): Promise<number> =>
      server.ask((redis) => redis.llen('outbox-test:queue:outbox:wait'));
    await expect.poll(handed, { timeout: 10_000 }).toBe(bodies.length);
    await server.ask((redis) => redis.flushall());
    await begin('worker', 'worker', sent);
    expect(await delivered()).toBe(0);
    api.clock.pass(10_000);
    await expect.poll(delivered, { timeout: 20_000 }).toBe(bodies.length);
    expect(sent).toHaveLength(bodies.length);
  });

  test('what did not leave is tried again later, given up at last, and revived by hand', async () => {
    const sent: Sent[] = [];
    let broken = true;
    await begin('worker', 'worker', sent, () => broken);
    await workersAreSeen();
    await begin('api', 'api', sent, () => broken);
    await write('têtu');
    const tries = async (): Promise<number | undefined> =>
      (await readOutbox(api.database.kysely, key, { limit: 1 }))[0]?.attempts;
    await expect.poll(tries, { timeout: 10_000 }).toBe(1);
    api.clock.pass(2_100);
    await expect.poll(tries, { timeout: 10_000 }).toBe(2);
    await api.database.kysely.updateTable('outbox').set({ attempts: MAX_ATTEMPTS }).execute();
    expect(await readOutbox(api.database.kysely, key, { limit: 5, dead: true })).toHaveLength(1);
    broken = false;
    expect(await reviveDead(api.database.kysely, api.clock.now())).toBe(1);
    await expect.poll(delivered, { timeout: 10_000 }).toBe(1);
    expect(sent.map(({ body }) => body)).toEqual(['têtu']);
  });
});
