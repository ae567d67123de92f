import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';

export const CONTROL_FILE = 'global/pg_control';
const MAX_READS = 10;

/** What `global/pg_control` says (PostgreSQL 18, src/include/catalog/pg_control.h, struct ControlFileData). */
export interface ControlFile {
  readonly bytes: Uint8Array;
  /** Made of the system identifier, which initdb draws and nothing changes later. */
  readonly serverUuid: string;
  /** LSN of the last checkpoint's record. */
  readonly checkpoint: string;
  /** LSN from which replay begins after that checkpoint. */
  readonly redo: string;
  readonly timeline: number;
}

const SYSTEM_IDENTIFIER_OFFSET = 0;
const CHECKPOINT_OFFSET = 32;
const REDO_OFFSET = 40;
const TIMELINE_OFFSET = 48;

/**
 * Reads it whole: the server overwrites it in place, and only two equal readings are surely not a mixture.
 * Throws `stateUnusable` when the folder has none.
 */
export async function readControlFile(dataFolder: string): Promise<ControlFile> {
  const path = join(dataFolder, CONTROL_FILE);
  let previous: Buffer | undefined;
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw unusable(`${dataFolder} does not hold a database: ${path} cannot be read`, error);
    });
    if (previous?.equals(bytes) === true) return parse(bytes);
    previous = bytes;
  }
  throw unusable(`${path} changed during each of ${MAX_READS} readings`);
}

function parse(bytes: Buffer): ControlFile {
  return {
    bytes,
    serverUuid: serverUuidOf(bytes.readBigUInt64LE(SYSTEM_IDENTIFIER_OFFSET)),
    checkpoint: lsnText(bytes.readBigUInt64LE(CHECKPOINT_OFFSET)),
    redo: lsnText(bytes.readBigUInt64LE(REDO_OFFSET)),
    timeline: bytes.readUInt32LE(TIMELINE_OFFSET),
  };
}

/** A UUIDv8 (RFC 9562, 5.8) of the hashed identifier: always the same for one database. */
export function serverUuidOf(systemIdentifier: bigint): string {
  const bytes = createHash('sha256').update(`postgres ${systemIdentifier}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** PostgreSQL's own form: high and low 32 bits, hexadecimal. */
export function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}

export function parseLsn(text: string): bigint {
  const [high, low] = text.split('/');
  return (BigInt(`0x${high ?? ''}`) << 32n) | BigInt(`0x${low ?? ''}`);
}

function unusable(message: string, cause?: unknown): OmpayError {
  return new OmpayError('stateUnusable', message, { hint: 'ompay status shows where the data is', cause });
}
