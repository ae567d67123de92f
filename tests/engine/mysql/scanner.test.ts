import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DumpReader } from '../../../src/engine/mysql/binlog/dump.ts';
import { type BinlogEvent, EVENT, MAGIC } from '../../../src/engine/mysql/binlog/event.ts';
import { EventScanner } from '../../../src/engine/mysql/binlog/scanner.ts';
import { scanSegment } from '../../../src/engine/mysql/binlog/segment.ts';
import { gtidSetText } from '../../../src/engine/mysql/gtid-set.ts';
import { PacketSplitter, packetOf } from '../../../src/engine/mysql/wire/packets.ts';

const SOURCE = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const COMMITTED_MS = 1_790_000_000_123.456;
const ROWS = 30;
const XID = 16;

function eventOf(type: number, offset: number, body: Buffer): Buffer {
  const header = Buffer.alloc(19);
  header.writeUInt8(type, 4);
  header.writeUInt32LE(7, 5);
  header.writeUInt32LE(19 + body.length + 4, 9);
  header.writeUInt32LE(offset + 19 + body.length + 4, 13);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(Buffer.concat([header, body])));
  return Buffer.concat([header, body, checksum]);
}

/** `sizeBytes` of the whole transaction. */
function gtidBody(number: number, sizeBytes: number): Buffer {
  const body = Buffer.alloc(53);
  Buffer.from(SOURCE.replaceAll('-', ''), 'hex').copy(body, 1);
  body.writeBigUInt64LE(BigInt(number), 17);
  body.writeBigUInt64LE(BigInt(Math.round(COMMITTED_MS * 1000)), 42);
  body.writeUInt8(0xfc, 49);
  body.writeUInt16LE(sizeBytes, 50);
  return body;
}

/** A file with so many transactions of three events; each transaction is 350 bytes. */
function fileWith(transactions: number, end: 'open' | 'closed'): Buffer {
  let bytes = MAGIC;
  const add = (type: number, body: Buffer): void => {
    bytes = Buffer.concat([bytes, eventOf(type, bytes.length, body)]);
  };
  add(EVENT.formatDescription, Buffer.concat([Buffer.alloc(90), Buffer.from([1])]));
  const previous = Buffer.alloc(8 + 16 + 8 + 16);
  previous.writeUInt8(1, 0);
  Buffer.from(SOURCE.replaceAll('-', ''), 'hex').copy(previous, 8);
  previous.writeUInt8(1, 24);
  previous.writeUInt8(1, 32);
  previous.writeUInt8(5, 40);
  add(EVENT.previousGtids, previous);
  for (let number = 5; number < 5 + transactions; number += 1) {
    add(EVENT.gtid, gtidBody(number, 350));
    add(ROWS, Buffer.alloc(220, number));
    add(XID, Buffer.alloc(8));
  }
  if (end === 'closed') add(EVENT.rotate, Buffer.concat([Buffer.alloc(8), Buffer.from('binlog.000002')]));
  return bytes;
}

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const parts: Buffer[] = [];
  let offset = 0;
  for (let index = 0; offset < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    parts.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return parts;
}

const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 });

test('events are the same however their bytes come', () => {
  const bytes = fileWith(3, 'closed').subarray(MAGIC.length);
  fc.assert(
    fc.property(cuts, (sizes) => {
      const events: BinlogEvent[] = [];
      const copied: Buffer[] = [];
      const scanner = new EventScanner({
        onBytes: (_, part) => copied.push(part),
        onEvent: (event) => events.push(event),
      });
      for (const part of cut(bytes, sizes)) scanner.push(part);
      expect(scanner.isBetweenEvents).toBe(true);
      expect(events).toHaveLength(3 * 3 + 3);
      expect(Buffer.concat(copied).equals(bytes)).toBe(true);
    }),
  );
});

describe('a file of the log', () => {
  let folder: string;
  const scan = (bytes: Buffer) => {
    const path = join(folder, 'binlog.000001');
    writeFileSync(path, bytes);
    return scanSegment(path);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ompay-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('tells its transactions, what came before and what comes after', async () => {
    const bytes = fileWith(3, 'closed');
    const found = await scan(bytes);
    expect(found).toMatchObject({
      sizeBytes: bytes.length,
      validBytes: bytes.length,
      wholeBytes: bytes.length,
      isClosed: true,
      next: 'binlog.000002',
      fault: '',
      last: { gtid: { source: SOURCE, number: 7 }, committedAtMs: COMMITTED_MS },
    });
    expect(gtidSetText(found.previousGtids)).toBe(`${SOURCE}:1-4`);
    expect(gtidSetText(found.gtids)).toBe(`${SOURCE}:5-7`);
  });

  test('that is cut anywhere holds the transactions before the cut and no other', async () => {
    const bytes = fileWith(2, 'open');
    const first = bytes.length - 2 * 350;
    for (let size = 0; size < bytes.length; size += 7) {
      const { gtids, wholeBytes, validBytes } = await scan(bytes.subarray(0, size));
      expect(gtidSetText(gtids)).toBe(size < first + 350 ? '' : `${SOURCE}:5`);
      expect(wholeBytes).toBeLessThanOrEqual(validBytes);
      expect(validBytes).toBeLessThanOrEqual(size);
    }
  });

  test('shows every byte that was changed', async () => {
    const bytes = fileWith(2, 'open');
    for (let offset = 0; offset < bytes.length; offset += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(offset) ^ 0x20, offset);
      const { fault } = await scan(changed);
      expect(fault, `byte ${offset}`).not.toBe('');
      // What looks like the end of a file that was being written must not be a change.
      expect(fault, `byte ${offset}`).not.toBe('the last event is not whole');
    }
  });

  test('with a tagged GTID is refused', async () => {
    const bytes = fileWith(0, 'open');
    const tagged = eventOf(EVENT.taggedGtid, bytes.length, Buffer.alloc(40));
    await expect(scan(Buffer.concat([bytes, tagged]))).rejects.toMatchObject({ code: 'stateUnusable' });
  });
});

test('messages of a dump are events behind a mark, awaited or not, however they come', () => {
  const events = [0, 1].map((each) => eventOf(ROWS, 4, Buffer.alloc(500, each)));
  // The first message is always a rotate event that the server makes up: its time is 0.
  const rotate = eventOf(EVENT.rotate, 0, Buffer.concat([Buffer.alloc(8), Buffer.from('binlog.000001')]));
  const stream = (prefix: (awaited: number) => Buffer): Buffer =>
    Buffer.concat(
      [rotate, ...events].map((event, index) =>
        packetOf(index, Buffer.concat([prefix(index === 2 ? 1 : 0), event])),
      ),
    );
  fc.assert(
    fc.property(cuts, fc.boolean(), (sizes, isSemiSync) => {
      let [eventCount, awaitedCount] = [0, 0];
      const reader = new DumpReader({
        onEvent: () => {
          eventCount += 1;
        },
        onAwaited: () => {
          awaitedCount += 1;
        },
      });
      const splitter = new PacketSplitter();
      const bytes = stream((awaited) => Buffer.from(isSemiSync ? [0, 0xef, awaited] : [0]));
      for (const part of cut(bytes, sizes)) for (const piece of splitter.push(part)) reader.push(piece);
      expect([eventCount, awaitedCount, reader.isSemiSync]).toEqual([3, isSemiSync ? 1 : 0, isSemiSync]);
    }),
  );
});

test('a message over 16 MB comes as one', () => {
  const splitter = new PacketSplitter();
  const full = Buffer.alloc(4 + 0xffffff);
  full.writeUIntLE(0xffffff, 0, 3);
  const pieces = [...splitter.push(full), ...splitter.push(packetOf(1, Buffer.from('end')))];
  expect(pieces.map(({ isFirst, isLast }) => [isFirst, isLast])).toEqual([
    [true, false],
    [false, true],
  ]);
});

test('the server’s refusal of a dump is told with its number', () => {
  const reader = new DumpReader({ onEvent: () => undefined, onAwaited: () => undefined });
  const refusal = Buffer.concat([Buffer.from([0xff, 0xd4, 0x04]), Buffer.from('#HY000no such file')]);
  const push = (): void => {
    for (const piece of new PacketSplitter().push(packetOf(0, refusal))) reader.push(piece);
  };
  expect(push).toThrow(expect.objectContaining({ number: 1236, message: 'error 1236: no such file' }));
});
