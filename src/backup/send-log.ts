import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type EpochFolder, listEpochs } from '../engine/mysql/binlog/epochs.ts';
import { previousGtidsOf } from '../engine/mysql/binlog/segment.ts';
import { readStatus } from '../engine/mysql/binlog/status.ts';
import { gtidSetText } from '../engine/mysql/gtid-set.ts';
import { listChunks, putChunk } from '../store/repository/log.ts';
import { repositoryPrefix } from '../store/repository/paths.ts';
import { ensureRepository } from '../store/repository/repository.ts';
import type { Store } from '../store/store.ts';
import type { CopyFailure } from './capture.ts';
import type { BackupDeps } from './types.ts';

/** Held in memory when it is read back. */
const MOST_CHUNK_BYTES = 16 * 1024 * 1024;

type SendDeps = Pick<BackupDeps, 'site' | 'stores' | 'recipients' | 'signingKey'>;

/** Remembers how far each store is, so that a round asks a store nothing when nothing is new. */
export class LogSender {
  readonly #deps: SendDeps;
  readonly #root: string;
  /** By store, repository, epoch and file: up to which byte it was sent. */
  readonly #sent = new Map<string, number>();
  readonly #known = new Set<string>();

  constructor(deps: SendDeps, root: string) {
    this.#deps = deps;
    this.#root = root;
  }

  /** Sends what was received since, each store by itself; a store that fails is tried again in the next round. */
  async round(signal: AbortSignal): Promise<readonly CopyFailure[]> {
    const failures: CopyFailure[] = [];
    // Before the files are looked at: what was known then is in them.
    const knownUntil = (await readStatus(this.#root))?.caughtUpAt ?? '';
    const epochs = await listEpochs(this.#root);
    for (const store of this.#deps.stores) {
      try {
        for (const epoch of epochs) {
          const isNewest = epoch === epochs.at(-1);
          await this.#epoch(store, epoch, isNewest ? knownUntil : '', signal);
        }
      } catch (error) {
        signal.throwIfAborted();
        failures.push({ store: store.name, error });
      }
    }
    return failures;
  }

  async #epoch(store: Store, epoch: EpochFolder, knownUntil: string, signal: AbortSignal): Promise<void> {
    const server = { site: this.#deps.site, engine: 'mysql', serverUuid: epoch.serverUuid };
    const repository = repositoryPrefix(server);
    await this.#learn(store, server, repository);
    const name = `${epoch.startedAt.replaceAll(/[-:.]/g, '')}-${epoch.number}`;
    for (const file of epoch.segments) {
      const path = join(epoch.folder, file);
      const { size } = await stat(path);
      const mark = `${store.name} ${repository} ${name} ${file}`;
      for (let from = this.#sent.get(mark) ?? 0; from < size; ) {
        signal.throwIfAborted();
        const previous = await previousGtidsOf(path);
        if (previous === undefined) break;
        const to = Math.min(size, from + MOST_CHUNK_BYTES);
        const record = {
          epoch: name,
          file,
          from,
          to,
          serverUuid: epoch.serverUuid,
          epochNumber: epoch.number,
          epochStartedAt: epoch.startedAt,
          previousGtids: gtidSetText(previous),
          knownUntil: to === size ? knownUntil : '',
          recipients: this.#deps.recipients,
        };
        const place = { store, repository, signingKey: this.#deps.signingKey };
        await putChunk(place, record, createReadStream(path, { start: from, end: to - 1 }));
        this.#sent.set(mark, to);
        from = to;
      }
    }
  }

  /** What the store has from earlier runs; once. */
  async #learn(
    store: Store,
    server: { site: string; engine: string; serverUuid: string },
    repository: string,
  ): Promise<void> {
    const place = `${store.name} ${repository}`;
    if (this.#known.has(place)) return;
    await ensureRepository(store, { ...server, recipients: this.#deps.recipients });
    for (const { epoch, file, to } of await listChunks(store, repository)) {
      const mark = `${place} ${epoch} ${file}`;
      this.#sent.set(mark, Math.max(to, this.#sent.get(mark) ?? 0));
    }
    this.#known.add(place);
  }
}
