import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, isoTime } from '../../../core/clock.ts';
import { messageOf, OmpayError } from '../../../core/errors.ts';
import { dropOwnership, takeOwnership } from '../../../core/ownership.ts';
import { readStatus, writeStatus } from '../../mysql/binlog/status.ts';
import { lsnText, parseLsn } from '../../pglite/control.ts';
import { openSession, type PostgresSession } from '../session.ts';
import type { PostgresSettings } from '../settings.ts';
import { beginWalEpoch, listWalEpochs, type WalEpoch } from './epochs.ts';
import { reapReceiver, startReceiver, type WalProcess } from './process.ts';
import { SEGMENT_BYTES, segmentName, segmentOf } from './segments.ts';
import { prepareServer, readProgress, slotName, type WalProgress, type WalServer } from './server.ts';
import { FIRST_WAL_STATUS, readReceivedLsn, type WalStatus } from './status.ts';

const SESSION_LIMITS = { connectMs: 10_000, queryMs: 10_000 };
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 500;
const STATUS_EVERY_MS = 1000;
/** pg_receivewal confirms once a second; before that the slot says what was confirmed by an earlier one. */
const CONFIRMED_AFTER_MS = 1500;

export interface WalReceiverSettings {
  readonly postgres: Pick<PostgresSettings, 'source' | 'database' | 'programFolder'>;
  /** 0700, of this receiver alone: an epoch a folder, and its status. */
  readonly root: string;
  readonly clock: Clock;
  readonly onStatus?: (status: WalStatus) => void;
}

/**
 * Keeps pg_receivewal running until the signal is aborted; what fails is told and tried again, for ever. Throws
 * `lockHeld` when another process receives into the folder.
 */
export async function receiveWal(settings: WalReceiverSettings, signal: AbortSignal): Promise<void> {
  const { root } = settings;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const owner = join(root, 'owner');
  const other = takeOwnership(owner);
  if (other !== undefined)
    throw new OmpayError('lockHeld', `process ${other.pid} receives the log into ${root}`, {
      hint: 'one receiver is enough; its state: ompay backup status -e ENVIRONMENT',
    });
  try {
    for (const { folder } of await listWalEpochs(root)) await reapReceiver(folder);
    await new Receiver(settings, signal).run();
  } finally {
    dropOwnership(owner);
  }
}

/** One run; what is between two connections is its state. */
class Receiver {
  readonly #settings: WalReceiverSettings;
  readonly #signal: AbortSignal;
  readonly #slot: string;
  #status: WalStatus = FIRST_WAL_STATUS;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #waitMs = FIRST_WAIT_MS;
  /** Why the newest epoch cannot go on; empty while it can. */
  #gap = '';
  /** How far the server was when it was looked at last. */
  #looked: { readonly lsn: bigint; readonly atMs: number } | undefined;

  constructor(settings: WalReceiverSettings, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
    this.#slot = slotName(settings.root);
  }

  async run(): Promise<void> {
    const { clock, root } = this.#settings;
    const caughtUpAt = (await readStatus(root))?.caughtUpAt ?? '';
    this.#status = { ...this.#status, caughtUpAt, ...(await readReceivedLsn(root)) };
    while (!this.#signal.aborted) {
      try {
        await this.#connection();
      } catch (error) {
        if (this.#signal.aborted) break;
        this.#tell({ state: 'connecting', problem: problemOf(error) });
      }
      await clock.sleep(this.#waitMs, this.#signal).catch(() => undefined);
      this.#waitMs = Math.min(this.#waitMs * 2, MOST_WAIT_MS);
      this.#tell({ reconnects: this.#status.reconnects + 1 });
    }
    this.#tell({ state: 'stopped', problem: '' });
  }

  /** One run of pg_receivewal, to the error that ends it. */
  async #connection(): Promise<void> {
    const { source, database } = this.#settings.postgres;
    const session = await openSession(source, SESSION_LIMITS, database);
    try {
      const server = await prepareServer(session, this.#slot);
      if (server.hasLost) this.#gap = 'the server threw away log before it was received';
      const epoch = await this.#epochOf(server);
      const child = await startReceiver(this.#settings.postgres, epoch.folder, this.#slot);
      try {
        await this.#watch(session, child, epoch);
      } finally {
        await child.end('kill', this.#settings.clock);
      }
    } finally {
      await session.close();
    }
  }

  async #epochOf(server: WalServer): Promise<WalEpoch> {
    const { root, clock } = this.#settings;
    const newest = (await listWalEpochs(root)).at(-1);
    const reason = newest === undefined ? '' : this.#whyAnew(newest, server);
    if (newest !== undefined && reason === '') {
      this.#tell({ epoch: newest.number });
      return newest;
    }
    const { serverUuid, timeline } = server;
    const epoch = await beginWalEpoch(root, { serverUuid, timeline, reason }, clock.now());
    this.#gap = '';
    this.#looked = undefined;
    this.#tell({ epoch: epoch.number, file: '', offset: 0, receivedLsn: '', caughtUpAt: '' });
    return epoch;
  }

  #whyAnew({ serverUuid, timeline }: WalEpoch, server: WalServer): string {
    if (serverUuid !== server.serverUuid) return `another server: ${server.serverUuid}`;
    if (timeline !== server.timeline) return `the server is on timeline ${server.timeline}, not ${timeline}`;
    const { receivedLsn } = this.#status;
    if (receivedLsn !== '' && parseLsn(receivedLsn) > server.flushedLsn)
      return `the server lost its end: it is at ${lsnText(server.flushedLsn)}, and ${receivedLsn} was received`;
    return this.#gap;
  }

  async #watch(session: PostgresSession, child: WalProcess, epoch: WalEpoch): Promise<void> {
    const { clock } = this.#settings;
    let activeMs = Number.POSITIVE_INFINITY;
    for (;;) {
      this.#signal.throwIfAborted();
      const error = child.error();
      if (error !== undefined) {
        if (child.isGap()) this.#gap = messageOf(error);
        throw error;
      }
      const atMs = clock.now();
      const progress = await readProgress(session, this.#slot);
      if (progress.isActive) activeMs = Math.min(activeMs, clock.monotonicMs());
      if (clock.monotonicMs() - activeMs > CONFIRMED_AFTER_MS) this.#note(progress, epoch, atMs);
      await clock.sleep(LOOK_EVERY_MS, this.#signal);
    }
  }

  /** All that the server had when it was looked at before is here: so much is known, also under load. */
  #note({ isAwaited, receivedLsn, flushedLsn }: WalProgress, epoch: WalEpoch, atMs: number): void {
    this.#waitMs = FIRST_WAIT_MS;
    const looked = receivedLsn >= flushedLsn ? { lsn: flushedLsn, atMs } : this.#looked;
    const isCaughtUp = looked !== undefined && receivedLsn >= looked.lsn;
    // One that is not reached yet stays, so that the next look can tell.
    if (this.#looked === undefined || isCaughtUp) this.#looked = { lsn: flushedLsn, atMs };
    const before = this.#status.receivedLsn === '' ? 0n : parseLsn(this.#status.receivedLsn);
    // An unfinished segment is asked for anew from its beginning, and is here all the same.
    const lsn = receivedLsn > before ? receivedLsn : before;
    this.#tell({
      state: 'streaming',
      problem: '',
      semiSync: isAwaited ? 'awaited' : 'absent',
      file: segmentName(epoch.timeline, segmentOf(lsn)),
      offset: Number(lsn % BigInt(SEGMENT_BYTES)),
      receivedLsn: lsnText(lsn),
      ...(lsn === before ? {} : { lastSyncedAt: isoTime(atMs) }),
      ...(isCaughtUp ? { caughtUpAt: isoTime(looked.atMs) } : {}),
    });
  }

  /** Writes when something changed that people act on, else once a second. */
  #tell(change: Partial<WalStatus>): void {
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
      // A full disk: pg_receivewal is refused too, and that is told to `onStatus`.
    }
  }
}

function problemOf(error: unknown): string {
  const text = messageOf(error);
  return text.includes('No space left on device') ? 'the disk is full: nothing is received' : text;
}
