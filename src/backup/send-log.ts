import { createPublicKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { type EpochFolder, listEpochs } from '../engine/mysql/binlog/epochs.ts';
import { previousGtidsOf } from '../engine/mysql/binlog/segment.ts';
import { readStatus } from '../engine/mysql/binlog/status.ts';
import { type GtidSet, gtidSetText } from '../engine/mysql/gtid-set.ts';
import {
  type ChunkPlace,
  type ChunkRecord,
  listChunks,
  putChunk,
  removeChunk,
} from '../store/repository/log.ts';
import { repositoryPrefix } from '../store/repository/paths.ts';
import { ensureRepository } from '../store/repository/repository.ts';
import type { Store } from '../store/store.ts';
import type { CopyFailure } from './capture.ts';
import type { BackupDeps } from './types.ts';

/** What is lost of the work when a store fails in the middle. */
const MOST_CHUNK_BYTES = 16 * 1024 * 1024;

interface SendDeps extends Pick<BackupDeps, 'site' | 'stores' | 'recipients' | 'signingKey'> {
  /** MySQL unless it is said. */
  readonly engine?: Pick<Engine, 'name'>;
}

/** Remembers how far each store is, so that a round asks a store nothing when nothing is new. */
export class LogSender {
  readonly #deps: SendDeps;
  readonly #root: string;
  /** By store, repository, epoch and file: what was sent of it. */
  readonly #sent = new Map<string, readonly ChunkPlace[]>();
  readonly #known = new Set<string>();

  constructor(deps: SendDeps, root: string) {
    this.#deps = deps;
    this.#root = root;
  }

  get #engine(): Engine['name'] {
    return this.#deps.engine?.name ?? 'mysql';
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

  /**
   * Replaces, in each store, the chunks of one closed file by one: a file after it is there, so nothing is added to it any
   * more. Killed in the middle, both are there, and readers take the longer. Gives what failed.
   */
  async merge(signal: AbortSignal): Promise<{ readonly failures: readonly CopyFailure[] }> {
    const failures: CopyFailure[] = [];
    const epochs = await listEpochs(this.#root);
    for (const store of this.#deps.stores) {
      try {
        await this.#mergeOne(store, epochs, signal);
      } catch (error) {
        failures.push({ store: store.name, error });
      }
    }
    return { failures };
  }

  async #mergeOne(store: Store, epochs: readonly EpochFolder[], signal: AbortSignal): Promise<void> {
    for (const epoch of epochs) {
      for (const file of epoch.segments.slice(0, -1)) {
        signal.throwIfAborted();
        const place = this.#placeOf(store, epoch);
        const chunks = this.#sent.get(markOf(place, file)) ?? [];
        if (chunks.length > 1 && (await this.#mergeFile(place, file, chunks))) return;
      }
    }
  }

  /** False when the store lacks some of the file: its end is sent first. */
  async #mergeFile(place: EpochPlace, file: string, chunks: readonly ChunkPlace[]): Promise<boolean> {
    const { epoch, name, store, repository } = place;
    const path = join(epoch.folder, file);
    const { size } = await stat(path);
    const previous = await previousGtidsOf(path);
    if (previous === undefined || endOf(chunks) !== size) return false;
    const isWhole = ({ from, to }: ChunkPlace): boolean => from === 0 && to === size;
    const whole = { epoch: name, file, from: 0, to: size };
    if (!chunks.some(isWhole)) await this.#put(place, { ...whole, previous, knownUntil: '' });
    this.#sent.set(markOf(place, file), [...chunks, whole]);
    for (const each of chunks) if (!isWhole(each)) await removeChunk(store, repository, each);
    this.#sent.set(markOf(place, file), [whole]);
    return true;
  }

  #placeOf(store: Store, epoch: EpochFolder): EpochPlace {
    const { serverUuid, startedAt, number } = epoch;
    const repository = repositoryPrefix({ site: this.#deps.site, engine: this.#engine, serverUuid });
    return { store, epoch, repository, name: `${startedAt.replaceAll(/[-:.]/g, '')}-${number}` };
  }

  async #epoch(store: Store, epoch: EpochFolder, knownUntil: string, signal: AbortSignal): Promise<void> {
    const place = this.#placeOf(store, epoch);
    await this.#learn(place);
    for (const file of epoch.segments) {
      const path = join(epoch.folder, file);
      const { size } = await stat(path);
      const mark = markOf(place, file);
      for (let from = endOf(this.#sent.get(mark) ?? []); from < size; ) {
        signal.throwIfAborted();
        const previous = await previousGtidsOf(path);
        if (previous === undefined) break;
        const to = Math.min(size, from + MOST_CHUNK_BYTES);
        const chunk = { epoch: place.name, file, from, to };
        await this.#put(place, { ...chunk, previous, knownUntil: to === size ? knownUntil : '' });
        this.#sent.set(mark, [...(this.#sent.get(mark) ?? []), chunk]);
        from = to;
      }
    }
  }

  async #put({ store, repository, epoch }: EpochPlace, { previous, ...chunk }: NewChunk): Promise<void> {
    const { recipients, signingKey } = this.#deps;
    const { serverUuid, number: epochNumber, startedAt: epochStartedAt } = epoch;
    const said = { serverUuid, epochNumber, epochStartedAt, recipients };
    const path = join(epoch.folder, chunk.file);
    await putChunk(
      { store, repository, signingKey },
      { ...chunk, ...said, previousGtids: gtidSetText(previous) },
      createReadStream(path, { start: chunk.from, end: chunk.to - 1 }),
    );
  }

  /** What the store has from earlier runs; once. */
  async #learn({ store, repository, epoch }: EpochPlace): Promise<void> {
    const place = `${store.name} ${repository}`;
    if (this.#known.has(place)) return;
    const { site, recipients, signingKey } = this.#deps;
    const verificationKey = createPublicKey(signingKey);
    const { serverUuid } = epoch;
    const of = { site, engine: this.#engine, serverUuid };
    await ensureRepository(store, { ...of, recipients, verificationKey });
    for (const chunk of await listChunks(store, repository)) {
      const mark = markOf({ store, repository, name: chunk.epoch }, chunk.file);
      this.#sent.set(mark, [...(this.#sent.get(mark) ?? []), chunk]);
    }
    this.#known.add(place);
  }
}

/** An epoch of the receiver's folder, and what it is called in a store. */
interface EpochPlace {
  readonly store: Store;
  readonly repository: string;
  readonly epoch: EpochFolder;
  readonly name: string;
}

interface NewChunk extends ChunkPlace, Pick<ChunkRecord, 'knownUntil'> {
  readonly previous: GtidSet;
}

function markOf(
  { store, repository, name }: Pick<EpochPlace, 'store' | 'repository' | 'name'>,
  file: string,
): string {
  return `${store.name} ${repository} ${name} ${file}`;
}

function endOf(chunks: readonly ChunkPlace[]): number {
  return chunks.reduce((end, { to }) => Math.max(end, to), 0);
}
