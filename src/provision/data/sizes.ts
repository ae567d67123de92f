/** Sizes by the memory of a host. MB are 2^20 bytes, as the servers count. */

export interface Room {
  readonly memoryMb: number;
  /** Whether the host serves in other roles too. */
  readonly isShared: boolean;
  /** The most connections that are opened at once, those of operators too. */
  readonly connections: number;
}

export interface MysqlSizes {
  readonly bufferPoolMb: number;
  readonly redoLogMb: number;
  readonly connections: number;
}

/** InnoDB takes its buffer pool in pieces of so much (MySQL's manual, innodb_buffer_pool_chunk_size). */
const POOL_STEP_MB = 128;
/** What a connection may take beside it: sort, join and network buffers at their defaults, its thread. */
const CONNECTION_MB = 2;
/** Of the operating system, and the server without its pool. */
const BASE_MB = 384;

/** A host of its own gives InnoDB two thirds of what is left, a shared one a quarter. */
export function mysqlSizes(room: Room): MysqlSizes {
  const freeMb = Math.max(0, room.memoryMb - BASE_MB - room.connections * CONNECTION_MB);
  const bufferPoolMb = inSteps(freeMb * (room.isShared ? 1 / 4 : 2 / 3), POOL_STEP_MB);
  return { bufferPoolMb, redoLogMb: within(bufferPoolMb / 4, 128, 4096), connections: room.connections };
}

export interface PostgresqlSizes {
  readonly sharedBuffersMb: number;
  /** What the planner may hope that the operating system caches. */
  readonly cacheMb: number;
  readonly workMb: number;
  readonly maintenanceMb: number;
  readonly maxWalMb: number;
  readonly connections: number;
}

/** PostgreSQL's manual, 20.4: a quarter of the memory for shared buffers; the rest is the operating system's cache. */
export function postgresqlSizes({ memoryMb, isShared, connections }: Room): PostgresqlSizes {
  const ownMb = isShared ? memoryMb / 2 : memoryMb;
  const sharedBuffersMb = within(ownMb / 4, 128, 16_384);
  return {
    sharedBuffersMb,
    cacheMb: within((ownMb * 2) / 3, 256, Number.MAX_SAFE_INTEGER),
    workMb: within(ownMb / 4 / connections, 1, 64),
    maintenanceMb: within(ownMb / 16, 64, 1024),
    maxWalMb: within(sharedBuffersMb * 2, 1024, 8192),
    connections,
  };
}

/** Half of a host of its own: while its file is written anew, Redis may need as much again. */
export function redisMaxMemoryMb({ memoryMb, isShared }: Pick<Room, 'memoryMb' | 'isShared'>): number {
  return within(isShared ? memoryMb / 8 : memoryMb / 2, 64, Number.MAX_SAFE_INTEGER);
}

/** Two slots while a release is switched and a worker, a pool each; some for operators, backups and monitoring. */
export function connectionsFor({
  webHosts,
  poolSize,
}: {
  readonly webHosts: number;
  readonly poolSize: number;
}): number {
  return Math.max(100, webHosts * 3 * poolSize + 30);
}

function inSteps(value: number, step: number): number {
  return Math.max(step, Math.floor(value / step) * step);
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.floor(value)));
}
