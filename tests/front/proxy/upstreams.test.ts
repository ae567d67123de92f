import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openStage } from './stage.ts';

describe('switching', () => {
  test('the idle connections to the old slot are closed, with no traffic to remind of it', async () => {
    await using stage = await openStage();
    const blue = await stage.slot('blue', (_incoming, response) => response.end('blue'));
    await stage.slot('green', (_incoming, response) => response.end('green'));
    stage.pointTo('blue');
    await stage.ask({});
    expect(await connectionsOf(blue)).toBe(1);
    expect(stage.front.counter.counts().upstreamConnections).toBe(1);
    stage.pointTo('green');
    while ((await connectionsOf(blue)) > 0) await delay(5);
    expect((await stage.ask({})).body).toBe('green');
  });

  test('a request in flight finishes on the old slot, whose connection is then not used again', async () => {
    await using stage = await openStage();
    const release = Promise.withResolvers<void>();
    const blue = await stage.slot('blue', async (_incoming, response) => {
      await release.promise;
      response.end('blue');
    });
    await stage.slot('green', (_incoming, response) => response.end('green'));
    stage.pointTo('blue');
    const pending = stage.ask({});
    while ((await connectionsOf(blue)) === 0) await delay(5);
    stage.pointTo('green');
    expect((await stage.ask({})).body).toBe('green');
    release.resolve();
    expect((await pending).body).toBe('blue');
    while ((await connectionsOf(blue)) > 0) await delay(5);
  });

  test('draining answers what has begun, then the last connection closes', async () => {
    await using stage = await openStage();
    const release = Promise.withResolvers<void>();
    await stage.slot('blue', async (_incoming, response) => {
      await release.promise;
      response.end('done');
    });
    stage.pointTo('blue');
    const pending = stage.ask({ headers: { Connection: 'keep-alive' } });
    while ((await connectionsOf(stage.front.server)) === 0) await delay(5);
    await delay(50);
    const drained = stage.front.drain();
    release.resolve();
    expect((await pending).headers.connection).toBe('close');
    await drained;
  });
});

function connectionsOf(server: {
  getConnections(callback: (error: Error | null, count: number) => void): unknown;
}) {
  return new Promise<number>((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
