import { type JsonReader, readJson } from '../../core/json.ts';
import type { Recipient } from './age.ts';
import { documentOrigin } from './origin.ts';
import { PAYLOAD_FILE } from './paths.ts';
import type { PayloadDigest } from './payload.ts';

const FORMAT_VERSION = 1;

/** `full` is a data folder; `logical` a dump in SQL; `files` what lies beside the database. */
export type BackupKind = 'full' | 'logical' | 'files';

/** What a backup is, beside its payload; written last, so a backup without one was never finished. */
export interface Manifest extends PayloadDigest {
  readonly id: string;
  readonly site: string;
  readonly engine: string;
  readonly serverUuid: string;
  /** For example `PostgreSQL 18.6 (PGlite 0.5.14)`: what must open the data. */
  readonly serverVersion: string;
  readonly kind: BackupKind;
  /** `online` while the database served, `cold` while it was stopped. */
  readonly method: 'online' | 'cold';
  /** The engine's positions that the backup spans: LSN (PostgreSQL), GTID set (MySQL). */
  readonly from: string;
  readonly to: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly recipients: readonly Recipient[];
  readonly proofSha256: string;
  readonly guideSha256: string;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const { plain, cipher, ...rest } = manifest;
  const payload = { file: PAYLOAD_FILE, format: 'tar, zstd, age', cipher, plain };
  return Buffer.from(`${JSON.stringify({ version: FORMAT_VERSION, ...rest, payload }, null, 2)}\n`);
}

/** Throws `backupDamaged`, naming the field that is missing or wrong. */
export function decodeManifest(bytes: Uint8Array, what: string): Manifest {
  const json = readJson(bytes, documentOrigin(what));
  const payload = json.object('payload');
  return {
    id: json.text('id'),
    site: json.text('site'),
    engine: json.text('engine'),
    serverUuid: json.text('serverUuid'),
    serverVersion: json.text('serverVersion'),
    kind: kindIn(json),
    method: json.text('method') === 'cold' ? 'cold' : 'online',
    from: json.text('from'),
    to: json.text('to'),
    startedAt: json.text('startedAt'),
    finishedAt: json.text('finishedAt'),
    recipients: readRecipients(json),
    proofSha256: json.text('proofSha256'),
    guideSha256: json.text('guideSha256'),
    cipher: readDigest(payload.object('cipher')),
    plain: readDigest(payload.object('plain')),
  };
}

function kindIn(json: JsonReader): BackupKind {
  const kind = json.text('kind');
  return kind === 'logical' || kind === 'files' ? kind : 'full';
}

export function readRecipients(json: JsonReader): readonly Recipient[] {
  return json.list('recipients', (item) => ({ name: item.text('name'), recipient: item.text('recipient') }));
}

function readDigest(json: JsonReader): { sizeBytes: number; sha256: string } {
  return { sizeBytes: json.whole('sizeBytes'), sha256: json.text('sha256') };
}
