import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  Backend,
  type BackendClient,
  ClientLeft,
  type Engine,
  queryMessage,
} from '../../src/engine/pglite-host/backend.ts';
import { FrameError, FrameReader } from '../../src/engine/pglite-host/frames.ts';

function typed(type: string, body: string): Buffer {
  const message = Buffer.from(`${type}\0\0\0\0${body}`);
  message.writeUInt32BE(message.length - 1, 1);
  return message;
}

describe('cutting a stream into messages', () => {
  test('gives the same messages however the bytes were cut', () => {
    const stream = Buffer.concat([typed('P', 'a'.repeat(300)), typed('B', 'b'), typed('S', '')]);
    for (const sizeBytes of [1, 2, 3, 7, 64, stream.length]) {
      const reader = new FrameReader();
      const types: string[] = [];
      for (let offset = 0; offset < stream.length; offset += sizeBytes) {
        reader.push(stream.subarray(offset, offset + sizeBytes));
        for (let frame = reader.next(true); frame !== undefined; frame = reader.next(true))
          types.push(frame.type);
      }
      expect(types).toEqual(['P', 'B', 'S']);
      expect(reader.bufferedBytes).toBe(0);
    }
  });

  test('refuses a length that no message has', () => {
    const reader = new FrameReader();
    reader.push(Buffer.from('GET / HTTP/1.1\r\n'));
    expect(() => reader.next(true)).toThrow(FrameError);
  });
});

/** Records what is executed; a message that holds BEGIN opens a transaction, COMMIT or ROLLBACK ends it. */
function recordingEngine(): Engine & { readonly executed: string[] } {
  let inTransaction = false;
  const executed: string[] = [];
  return {
    executed,
    execute: (messages) => {
      const text = Buffer.from(messages)
        .toString('latin1')
        .replaceAll(/[^ -~]/g, '');
      executed.push(text);
      if (text.includes('BEGIN')) inTransaction = true;
      if (/COMMIT|ROLLBACK/.test(text)) inTransaction = false;
      return Promise.resolve();
    },
    isInTransaction: () => inTransaction,
  };
}

const unit = (sql: string, completes = true) => ({ messages: queryMessage(sql), completes });
const client = (): BackendClient => ({ onIdleInTransaction: () => undefined });

describe('sharing one backend', () => {
  test('while a transaction is open, only its client is served', async () => {
    const engine = recordingEngine();
    const backend = new Backend(engine, 1000);
    const [first, second] = [client(), client()];
    await backend.submit(first, unit('BEGIN'));
    const waiting = backend.submit(second, unit('SECOND'));
    await backend.submit(first, unit('FIRST'));
    await backend.submit(first, unit('COMMIT'));
    await waiting;
    expect(engine.executed).toEqual(['QBEGIN', 'QFIRST', 'QCOMMIT', 'QSECOND']);
  });

  test('after a Flush nobody comes in between', async () => {
    const engine = recordingEngine();
    const backend = new Backend(engine, 1000);
    const [first, second] = [client(), client()];
    await backend.submit(first, unit('PARSE', false));
    const waiting = backend.submit(second, unit('SECOND'));
    await backend.submit(first, unit('BIND'));
    await waiting;
    expect(engine.executed).toEqual(['QPARSE', 'QBIND', 'QSECOND']);
  });

  test('a client that leaves is rolled back before the next is served', async () => {
    const engine = recordingEngine();
    const backend = new Backend(engine, 1000);
    const [first, second] = [client(), client()];
    await backend.submit(first, unit('BEGIN'));
    const waiting = backend.submit(second, unit('SECOND'));
    await backend.leave(first);
    await waiting;
    expect(engine.executed).toEqual(['QBEGIN', 'SQROLLBACK', 'QSECOND']);
  });

  test('what a client that leaves had queued is never executed', async () => {
    const engine = recordingEngine();
    const backend = new Backend(engine, 1000);
    const [first, second] = [client(), client()];
    await backend.submit(first, unit('BEGIN'));
    const queued = expect(backend.submit(second, unit('SECOND'))).rejects.toThrow(ClientLeft);
    await backend.leave(second);
    await queued;
    await backend.submit(first, unit('COMMIT'));
    expect(engine.executed).toEqual(['QBEGIN', 'QCOMMIT']);
  });

  test('a transaction that has ended is no longer timed', async () => {
    let ended = 0;
    const busy: BackendClient = {
      onIdleInTransaction: () => {
        ended += 1;
      },
    };
    const backend = new Backend(recordingEngine(), 30);
    for (const sql of ['BEGIN', 'COMMIT', 'BEGIN', 'COMMIT']) await backend.submit(busy, unit(sql));
    await delay(90);
    expect(ended).toBe(0);
  });

  test("others' waiting statements do not lengthen an idle transaction's time", async () => {
    const backend = new Backend(recordingEngine(), 60);
    const ended = new Promise<void>((resolve) => {
      const idle: BackendClient = { onIdleInTransaction: () => backend.leave(idle).then(resolve, resolve) };
      backend.submit(idle, unit('BEGIN')).catch(() => undefined);
    });
    const timer = setInterval(() => backend.submit(client(), unit('OTHER')).catch(() => undefined), 10);
    // Were it lengthened each time, it would never end.
    await ended;
    clearInterval(timer);
  });
});
