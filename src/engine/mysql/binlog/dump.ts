import type { WireConnection } from '../wire/connection.ts';
import { readError, WireError } from '../wire/error.ts';
import type { Piece } from '../wire/packets.ts';
import { BinlogFault, EventScanner, type EventSink } from './scanner.ts';

const COM_BINLOG_DUMP = 0x12;
const COM_REGISTER_REPLICA = 0x15;
const OK = 0x00;
const ERROR = 0xff;
/** Begins the two bytes that a semi-synchronous source puts before each event; the other says whether it waits. */
const SEMI_SYNC_MAGIC = 0xef;

export interface DumpRequest {
  /** No other replica's. */
  readonly serverId: number;
  /** The server ends an older connection of the same one. */
  readonly replicaUuid: string;
  readonly file: string;
  /** Where an event begins. */
  readonly position: number;
  /** The server says that it lives when it has nothing else to say for so long. */
  readonly heartbeatMs: number;
  readonly semiSync: boolean;
}

/** What of the request differs between MySQL and MariaDB. */
export interface DumpDialect {
  /** Assignments that go before the request. */
  readonly variables: (request: DumpRequest) => readonly string[];
  readonly flags: number;
}

export const MYSQL_DUMP: DumpDialect = {
  variables: ({ heartbeatMs, replicaUuid, semiSync }) => [
    `@source_heartbeat_period = ${heartbeatMs * 1_000_000}`,
    "@source_binlog_checksum = 'CRC32'",
    `@replica_uuid = '${replicaUuid}'`,
    ...(semiSync ? ['@rpl_semi_sync_replica = 1'] : []),
  ],
  flags: 0,
};

/**
 * Asks for the log from an exact byte of a file on. By position and not by GTID, because a source that is asked by GTID
 * leaves out what the set holds: files of ours would not be equal to its own, byte for byte.
 */
export async function requestDump(
  connection: WireConnection,
  request: DumpRequest,
  dialect: DumpDialect,
): Promise<void> {
  await connection.run(`set ${dialect.variables(request).join(', ')}`);
  // id 4, host, user and password (each a length, here 0), port 2, rank 4, source's id 4: only SHOW REPLICAS shows it.
  const registration = Buffer.alloc(17);
  registration.writeUInt32LE(request.serverId, 0);
  await connection.tellAndWait(COM_REGISTER_REPLICA, registration);
  const name = Buffer.from(request.file);
  const dump = Buffer.alloc(10);
  dump.writeUInt32LE(request.position, 0);
  dump.writeUInt16LE(dialect.flags, 4);
  dump.writeUInt32LE(request.serverId, 6);
  connection.command(COM_BINLOG_DUMP, Buffer.concat([dump, name]));
}

/** Tells a semi-synchronous source that all up to there is on our disk: magic, position 8, file name. */
export function acknowledgement(file: string, position: number): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8(SEMI_SYNC_MAGIC, 0);
  head.writeBigUInt64LE(BigInt(position), 1);
  return Buffer.concat([head, Buffer.from(file)]);
}

export interface DumpSink extends EventSink {
  /** An event's message has ended, and a client's COMMIT waits for our acknowledgement of it. */
  readonly onAwaited: () => void;
}

/** Reads the messages of a dump: an event each, behind a mark and what semi-synchronous replication adds. */
export class DumpReader {
  readonly #sink: DumpSink;
  readonly #scanner: EventScanner;
  /** Told by the first message: a rotate event, whose own first byte is 0. */
  #prefixBytes: number | undefined;
  #prefix = Buffer.alloc(0);
  #refusal: Buffer[] | undefined;

  constructor(sink: DumpSink) {
    this.#sink = sink;
    this.#scanner = new EventScanner(sink);
  }

  get isSemiSync(): boolean {
    return this.#prefixBytes === 3;
  }

  /** Throws WireError when the server ends the dump, BinlogFault for what is no event. */
  push({ bytes, isFirst, isLast }: Piece): void {
    if (isFirst) this.#prefix = Buffer.alloc(0);
    const event = this.#afterPrefix(bytes);
    if (this.#refusal !== undefined) this.#refusal.push(event);
    else if (event.length > 0) this.#scanner.push(event);
    if (isLast) this.#end();
  }

  #afterPrefix(bytes: Buffer): Buffer {
    const wanted = this.#prefixBytes ?? 2;
    const missing = wanted - this.#prefix.length;
    if (missing <= 0 || this.#refusal !== undefined) return bytes;
    this.#prefix = Buffer.concat([this.#prefix, bytes.subarray(0, missing)]);
    if (this.#prefix.length > 0 && this.#prefix.readUInt8(0) !== OK) {
      this.#refusal = [this.#prefix];
      return bytes.subarray(missing);
    }
    if (this.#prefix.length < wanted || this.#prefixBytes !== undefined) return bytes.subarray(missing);
    return this.#learnPrefix(bytes.subarray(missing));
  }

  #learnPrefix(rest: Buffer): Buffer {
    const isSemiSync = this.#prefix.readUInt8(1) === SEMI_SYNC_MAGIC;
    this.#prefixBytes = isSemiSync ? 3 : 1;
    if (isSemiSync) return this.#afterPrefix(rest);
    this.#scanner.push(this.#prefix.subarray(1));
    return rest;
  }

  #end(): void {
    if (this.#refusal !== undefined) {
      const message = Buffer.concat(this.#refusal);
      throw message.readUInt8(0) === ERROR ? readError(message) : new WireError('the server ended the dump');
    }
    if (!this.#scanner.isBetweenEvents) throw new BinlogFault('a message holds no whole event');
    if (this.isSemiSync && this.#prefix.readUInt8(2) === 1) this.#sink.onAwaited();
  }
}
