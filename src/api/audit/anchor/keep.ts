import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { ListenSettings } from '../../../config/settings.ts';
import type { Clock } from '../../../core/clock.ts';
import type { RingKey } from '../../auth/keys.ts';
import type { Database } from '../../db/open.ts';
import type { Logger } from '../../log.ts';
import { type AnchorWriter, openAnchorFile } from './file.ts';
import type { Heads } from './line.ts';

const PERIOD_MS = 60_000;

export interface AnchoringParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly key: RingKey;
  /** Null: nothing is anchored. */
  readonly folder: string | null;
  readonly listen: ListenSettings;
}

export interface Anchoring {
  /** Writes a last line, and ends. */
  stop(): Promise<void>;
}

/** Writes both heads down outside the database, now, each minute and at the end. What fails is logged and tried again. */
export function startAnchoring(parts: AnchoringParts): Anchoring {
  const { folder } = parts;
  if (folder === null) return { stop: async () => {} };
  const stopping = new AbortController();
  const running = anchorUntil(parts, anchorPath(folder, parts.listen), stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** A name for each place that a process listens on: there is one at a time, on one machine. */
export function anchorPath(folder: string, listen: ListenSettings): string {
  const place = listen.kind === 'socket' ? basename(listen.path, '.sock') : String(listen.port);
  return join(folder, `${hostname()}-${place}.jsonl`);
}

async function anchorUntil(parts: AnchoringParts, path: string, signal: AbortSignal): Promise<void> {
  let writer: AnchorWriter | undefined;
  const anchor = async (): Promise<void> => {
    try {
      writer ??= openAnchorFile(path, parts.key);
      writer.append(await readHeads(parts.database, parts.clock));
    } catch (error) {
      parts.log.error({ err: error }, 'the heads of the chains could not be anchored');
      writer?.close();
      writer = undefined;
    }
  };
  while (!signal.aborted) {
    await anchor();
    await parts.clock.sleep(PERIOD_MS, signal).catch(() => {});
  }
  await anchor();
  writer?.close();
}

/** The trail's head is read first; each is a head that was committed then. */
export async function readHeads({ kysely }: Database, clock: Clock): Promise<Heads> {
  const audit = await kysely.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
  const ledger = await kysely.selectFrom('ledger_head').selectAll().executeTakeFirstOrThrow();
  return {
    atMs: clock.now(),
    ledger: { seq: ledger.chain_seq, hash: ledger.chain_hash },
    audit: { seq: audit.seq, hash: audit.chain_hash },
  };
}
