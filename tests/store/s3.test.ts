import { createServer, request } from 'node:http';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { collect } from '../../src/store/repository/meter.ts';
import { s3Store } from '../../src/store/s3.ts';
import { storeContract } from '../contract/store.ts';
import { MOTO_ABSENT, type Moto, startMoto } from '../fixtures/moto.ts';

/** Passes requests on without their condition, as services do that do not know it. */
async function forgetfulProxy(endpoint: string): Promise<{ endpoint: string; close: () => void }> {
  const server = createServer((incoming, answer) => {
    const { 'if-none-match': _, ...headers } = incoming.headers;
    const outgoing = request(`${endpoint}${incoming.url}`, { method: incoming.method, headers }, (passed) => {
      answer.writeHead(passed.statusCode ?? 502, passed.headers);
      passed.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { endpoint: `http://127.0.0.1:${port}`, close: () => server.close() };
}

const PART_BYTES = 5 * 1024 * 1024;

describe.skipIf(MOTO_ABSENT !== undefined)('copies in a bucket', { timeout: 120_000 }, () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  }, 180_000);
  afterAll(() => moto?.stop());

  storeContract('S3', async () => {
    await moto.makeBucket('contract');
    const store = s3Store(moto.settings('contract'));
    return { store, everything: () => moto.everything('contract'), dispose: () => store.close() };
  });

  async function bucket(name: string, options?: Parameters<Moto['makeBucket']>[1]): Promise<string> {
    await moto.makeBucket(name, options);
    return name;
  }

  async function* chunks(sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < sizeBytes; sent += 65_536)
      yield Buffer.alloc(Math.min(65_536, sizeBytes - sent), sent % 251);
  }

  test.each(['when_supported', 'when_required'] as const)(
    'an object of several parts comes back byte for byte (checksums %s)',
    async (checksums) => {
      const name = await bucket(`parts-${checksums.replace('_', '-')}`);
      const store = s3Store(moto.settings(name, { partBytes: PART_BYTES, checksums }));
      const sizeBytes = 2 * PART_BYTES + 3;
      expect(await store.put('a/large', chunks(sizeBytes), { ifAbsent: true })).toMatchObject({ sizeBytes });
      const seen = await collect(await store.get('a/large'), sizeBytes);
      expect(Buffer.from(seen).equals(Buffer.from(await collect(chunks(sizeBytes), sizeBytes)))).toBe(true);
      await store.close();
    },
  );

  test('a source that fails in the third part leaves no upload behind, and an abort neither', async () => {
    const name = await bucket('aborted');
    const store = s3Store(moto.settings(name, { partBytes: PART_BYTES }));
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunks(3 * PART_BYTES);
      throw new Error('the source broke');
    }
    await expect(store.put('a/x', failing())).rejects.toThrow('the source broke');
    const controller = new AbortController();
    async function* stopped(): AsyncGenerator<Uint8Array> {
      yield* chunks(2 * PART_BYTES);
      controller.abort(new Error('stopped by the test'));
      yield* chunks(2 * PART_BYTES);
    }
    await expect(store.put('a/y', stopped(), { signal: controller.signal })).rejects.toThrow('stopped');
    const { Uploads = [] } = await moto.client.send(new ListMultipartUploadsCommand({ Bucket: name }));
    expect(Uploads).toEqual([]);
    expect(await moto.everything(name)).toEqual([]);
    await store.close();
  });

  test('what a killed writer left is swept', async () => {
    const name = await bucket('swept');
    const store = s3Store(moto.settings(name));
    await moto.client.send(new CreateMultipartUploadCommand({ Bucket: name, Key: 'ompay/a/x' }));
    await moto.client.send(new CreateMultipartUploadCommand({ Bucket: name, Key: 'ompay/b/x' }));
    expect(await store.sweep('a/')).toBe(1);
    expect(await moto.everything(name)).toEqual(['ompay/b/x']);
    await store.close();
  });

  test('a bucket without versions or lock is said to be so', async () => {
    const plain = s3Store(moto.settings(await bucket('plain', { versions: false })));
    expect(await plain.weaknesses()).toEqual([
      expect.stringContaining('keeps no versions'),
      expect.stringContaining('has no Object Lock'),
    ]);
    const locking = moto.settings(await bucket('locking', { lock: true }), { lockDays: 1 });
    expect(await s3Store(locking).weaknesses()).toEqual([]);
    expect(await s3Store({ ...locking, lockDays: null }).weaknesses()).toEqual([
      expect.stringContaining('not locked by us'),
    ]);
  });

  test('a locked version cannot be deleted, and what was hidden by a mark is read as it was before', async () => {
    const settings = moto.settings(await bucket('locked', { lock: true }), { lockDays: 1 });
    const store = s3Store(settings);
    expect(store.immutable).toBe(true);
    await store.put('a/x', Buffer.from('the copy'));
    const { Versions = [] } = await moto.client.send(new ListObjectVersionsCommand({ Bucket: 'locked' }));
    const gone = { Bucket: 'locked', Key: 'ompay/a/x', VersionId: Versions[0]?.VersionId };
    await expect(moto.client.send(new DeleteObjectCommand(gone))).rejects.toMatchObject({
      name: 'AccessDenied',
    });

    const asOfMs = systemClock.now();
    // moto tells times to the second only.
    await systemClock.sleep(1100);
    await moto.client.send(
      new PutObjectCommand({ Bucket: 'locked', Key: 'ompay/a/x', Body: 'encrypted by a thief' }),
    );
    await moto.client.send(new DeleteObjectCommand({ Bucket: 'locked', Key: 'ompay/a/x' }));
    expect(await store.head('a/x')).toBeUndefined();
    const before = s3Store({ ...settings, asOfMs });
    expect((await before.list('a/')).map(({ key }) => key)).toEqual(['a/x']);
    expect(Buffer.from(await collect(await before.get('a/x'), 100)).toString()).toBe('the copy');
    await expect(before.put('a/x', Buffer.from('x'))).rejects.toMatchObject({ code: 'usage' });
  });

  test('a store that ignores the condition is refused', async () => {
    const proxy = await forgetfulProxy(moto.endpoint);
    const store = s3Store(moto.settings(await bucket('ignoring'), { endpoint: proxy.endpoint }));
    try {
      await expect(store.put('a/x', Buffer.from('x'), { ifAbsent: true })).rejects.toMatchObject({
        code: 'stateUnusable',
        message: expect.stringContaining('ignores If-None-Match'),
      });
    } finally {
      await store.close();
      proxy.close();
    }
  });

  test('no bucket, and nobody who answers, are one clear error each that tells no secret', async () => {
    const secretAccessKey = new Secret('SECRETKEYOFTHETEST');
    const nowhere = s3Store(moto.settings('no-such-bucket', { secretAccessKey }));
    await expect(nowhere.put('a/x', Buffer.from('x'))).rejects.toMatchObject({ code: 'configInvalid' });
    const away = s3Store(moto.settings('x', { endpoint: 'http://127.0.0.1:1', secretAccessKey }));
    const error = await away.head('a/x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'hostUnreachable' });
    expect(JSON.stringify(error) + String(error)).not.toContain('SECRETKEY');
  });
});
