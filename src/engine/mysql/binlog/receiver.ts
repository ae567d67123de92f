import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isoTime } from '../../../core/clock.ts';
import { messageOf, OmpayError, systemCodeOf } from '../../../core/errors.ts';
import { writeFileAtomic } from '../../../core/files.ts';
import { dropOwnership, takeOwnership } from '../../../core/ownership.ts';
import type { MysqlAccess } from '../access.ts';
import { WireConnection } from '../wire/connection.ts';
import { WireError } from '../wire/error.ts';
import { acknowledgement, requestDump } from './dump.ts';
import { beginEpoch } from './epochs.ts';
import { MAGIC } from './event.ts';
import { planAnew, planResumption, type Resumption } from './resume.ts';
import { Divergence, SegmentWriter } from './segment-writer.ts';
import { type LogDialect, type LogSource, MYSQL_LOG } from './source.ts';
import { FIRST_STATUS, type ReceiverStatus, writeStatus } from './status.ts';
import { LogStream, type Synced } from './stream.ts';

const HEARTBEAT_MS = 1000;
/** A server that says nothing for so long is gone, or the way to it is. */
const IDLE_MS = 10_000;
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 10_000;
const STATUS_EVERY_MS = 1000;
/** While nothing comes. */
const LOOK_EVERY_MS = 5000;
/** Written and synced at once, while old transactions are caught up with. */
const BATCH_BYTES = 1024 * 1024;

/** ER_SOURCE_FATAL_ERROR_READING_BINLOG: no event begins at that place, among others. */
const CANNOT_SEND = 1236;

export interface ReceiverSettings {
  /** As a user with REPLICATION SLAVE and REPLICATION CLIENT. */
  readonly access: MysqlAccess;
  /** MySQL's unless it is said. */
  readonly dialect?: LogDialect;
  /** 0700, of this receiver alone: an epoch a folder, and its status. */
  readonly root: string;
  /** No other replica's of the server. */
  readonly serverId: number;
  readonly clock: Clock;
  /** After each batch that is on the disk, before it is acknowledged. */
  readonly onSynced?: (synced: Synced) => void;
  readonly onStatus?: (status: ReceiverStatus) => void;
}

/**
 * Receives a server's binary log until the signal is aborted, and never ends by itself: whatever fails is told in the
 * status and tried again, after 0.1 to 10 s. Throws `lockHeld` when another process receives into the same folder.
 */
export async function receiveBinlog(settings: ReceiverSettings, signal: AbortSignal): Promise<void> {
  mkdirSync(settings.root, { recursive: true, mode: 0o700 });
  const ownerFile = join(settings.root, 'owner');
  const owner = takeOwnership(ownerFile);
  if (owner !== undefined) {
    throw new OmpayError('lockHeld', `process ${owner.pid} receives into ${settings.root}`, {
      hint: 'stop it first, or let it go on: ompay backup status',
    });
  }
  try {
    await new Receiver(settings, signal).run();
  } finally {
    dropOwnership(ownerFile);
  }
}

class Receiver {
  readonly #settings: ReceiverSettings;
  readonly #signal: AbortSignal;
  #status: ReceiverStatus = FIRST_STATUS;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #waitMs = FIRST_WAIT_MS;
  #wasRefused = false;
  /** When the server's own list of files was looked at last, and how far the stream was. */
  #lookedMs = Number.NEGATIVE_INFINITY;
  #lookedOffset = -1;
  /** Why the present epoch cannot go on. */
  #divergence = '';

  constructor(settings: ReceiverSettings, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#connection();
      } catch (error) {
        if (this.#signal.aborted) break;
        if (error instanceof Divergence) this.#divergence = error.message;
        this.#wasRefused = error instanceof WireError && error.number === CANNOT_SEND;
        this.#tell({ state: 'connecting', problem: problemOf(error) });
      }
      await this.#settings.clock.sleep(this.#waitMs, this.#signal).catch(() => undefined);
      this.#waitMs = Math.min(this.#waitMs * 2, MOST_WAIT_MS);
      this.#tell({ reconnects: this.#status.reconnects + 1 });
    }
    this.#tell({ state: 'stopped' });
  }

  /** One connection, from the first byte to the error that ends it. */
  async #connection(): Promise<void> {
    const { access, root, dialect = MYSQL_LOG } = this.#settings;
    const source = await dialect.readSource(access);
    const { stream, position } = await this.#openStream(source);
    const connection = await WireConnection.open(access, IDLE_MS).catch(async (error: unknown) => {
      await stream.close();
      throw error;
    });
    const abort = (): void => connection.close();
    this.#signal.addEventListener('abort', abort, { once: true });
    try {
      const request = {
        serverId: this.#settings.serverId,
        replicaUuid: await replicaUuidOf(root),
        file: stream.file,
        position,
        heartbeatMs: HEARTBEAT_MS,
        semiSync: source.hasSemiSync,
      };
      await requestDump(connection, request, dialect);
      for (;;) await this.#batch(connection, stream);
    } finally {
      this.#signal.removeEventListener('abort', abort);
      connection.close();
      await stream.close();
    }
  }

  async #openStream(source: LogSource): Promise<{ stream: LogStream; position: number }> {
    const { root } = this.#settings;
    const plan =
      this.#divergence === ''
        ? await planResumption(root, source, this.#wasRefused)
        : await planAnew(root, source, this.#divergence);
    const { epoch, file, position, scan } = await this.#epochOf(plan, source);
    this.#divergence = '';
    const path = join(epoch.folder, file);
    const writer =
      scan === undefined ? await SegmentWriter.create(path) : await SegmentWriter.resume(path, scan);
    this.#tell({ epoch: epoch.number, file, offset: position });
    return { stream: new LogStream(epoch.folder, file, writer), position };
  }

  async #epochOf(
    plan: Resumption,
    { serverUuid }: LogSource,
  ): Promise<Extract<Resumption, { kind: 'same' }>> {
    if (plan.kind === 'same') return plan;
    const { root, clock } = this.#settings;
    const epoch = await beginEpoch(root, { serverUuid, ...pick(plan) }, clock.now());
    return { ...plan, kind: 'same', epoch, position: MAGIC.length, scan: undefined };
  }

  async #batch(connection: WireConnection, stream: LogStream): Promise<void> {
    const synced = await stream.take(await connection.pieces(BATCH_BYTES));
    this.#settings.onSynced?.(synced);
    if (synced.awaited !== undefined) {
      connection.tell(acknowledgement(synced.awaited.file, synced.awaited.position));
    }
    this.#waitMs = FIRST_WAIT_MS;
    this.#note(synced, stream);
    if (synced.isCaughtUp) await this.#assertSameLog(stream);
  }

  /** After RESET a server goes on saying that it has no more of the file that it has thrown away. */
  async #assertSameLog(stream: LogStream): Promise<void> {
    const { access, clock, dialect = MYSQL_LOG } = this.#settings;
    if (clock.monotonicMs() < this.#lookedMs + LOOK_EVERY_MS) return;
    this.#lookedMs = clock.monotonicMs();
    const file = (await dialect.readSource(access)).files.find(({ name }) => name === stream.file);
    if (file === undefined || file.sizeBytes < stream.offset) {
      throw new Divergence(`the server's ${stream.file} is gone or shorter than what was received`);
    }
    const isStuck = file.sizeBytes > stream.offset && stream.offset === this.#lookedOffset;
    this.#lookedOffset = stream.offset;
    if (isStuck) throw new WireError(`the server has more of ${stream.file} than it sends`);
  }

  #note(synced: Synced, stream: LogStream): void {
    const now = isoTime(this.#settings.clock.now());
    const last = synced.transactions.at(-1);
    const waited = synced.isAwaited ? 'awaited' : 'degraded';
    const semiSync = last === undefined ? this.#status.semiSync : waited;
    this.#tell({
      state: 'streaming',
      problem: '',
      semiSync: stream.isSemiSync ? semiSync : 'absent',
      file: stream.file,
      offset: stream.offset,
      transactions: this.#status.transactions + synced.transactions.length,
      ...(last === undefined ? {} : { lastCommittedAt: isoTime(last.committedAtMs), lastSyncedAt: now }),
      ...(synced.isCaughtUp || synced.isAwaited ? { caughtUpAt: now } : {}),
    });
  }

  /** Writes when something changed that people act on, else once a second. */
  #tell(change: Partial<ReceiverStatus>): void {
    const { clock, root, onStatus } = this.#settings;
    const before = this.#status;
    this.#status = { ...before, ...change };
    const isNews = (['state', 'problem', 'semiSync', 'epoch'] as const).some(
      (field) => before[field] !== this.#status[field],
    );
    if (!isNews && clock.monotonicMs() < this.#writtenMs + STATUS_EVERY_MS) return;
    this.#writtenMs = clock.monotonicMs();
    onStatus?.(this.#status);
    try {
      writeStatus(root, this.#status, clock.now());
    } catch {
      // A full disk: the log itself is refused too, and that is told to `onStatus`.
    }
  }
}

function pick({ reason, missing }: { readonly reason: string; readonly missing: string }) {
  return { reason, missing };
}

function problemOf(error: unknown): string {
  if (systemCodeOf(error) === 'ENOSPC') return 'the disk is full: nothing is received or acknowledged';
  return messageOf(error);
}

/** Made once for a folder. */
async function replicaUuidOf(root: string): Promise<string> {
  const path = join(root, 'replica-uuid');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known !== '') return known.trim();
  const made = randomUUID();
  writeFileAtomic(path, `${made}\n`, 0o600);
  return made;
}
