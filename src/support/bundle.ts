import { gzipSync } from 'node:zlib';
import { redacted } from '../core/redaction.ts';
import type { Secret } from '../core/secret.ts';
import { packTar } from '../store/repository/tar.ts';

/** A text of a bundle, before it is masked. */
export interface Document {
  /** Relative, `/` between names. */
  readonly path: string;
  /** For the list of contents: what it is. */
  readonly about: string;
  readonly text: string;
}

export interface BundleRequest {
  readonly documents: readonly Document[];
  /** Of the environment: masked wherever they stand. */
  readonly secrets: readonly Secret[];
  readonly nowMs: number;
}

export interface Bundle {
  /** A gzipped tar. */
  readonly bytes: Uint8Array;
  readonly contents: readonly { readonly path: string; readonly sizeBytes: number; readonly about: string }[];
}

const FOLDER = 'ompay-support';
/** Of a text that is longer, its end is kept: there the newest is. */
const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;
const MAX_DOCUMENTS = 500;

/**
 * One archive of texts, each masked as it is read and once more as it is packed, so that a document that was put together
 * without care is masked all the same. Its CONTENTS.txt says what is in it.
 */
export async function packBundle({ documents, secrets, nowMs }: BundleRequest): Promise<Bundle> {
  if (documents.length > MAX_DOCUMENTS) throw new RangeError(`a bundle of ${documents.length} documents`);
  const masked = documents.map(({ path, about, text }) => ({
    path: redacted(path, secrets),
    about,
    bytes: Buffer.from(redacted(endOf(redacted(text, secrets)), secrets)),
  }));
  const contents = masked.map(({ path, about, bytes }) => ({ path, sizeBytes: bytes.length, about }));
  const list = contents.map(({ path, sizeBytes, about }) => `${path}\t${sizeBytes}\t${about}\n`).join('');
  const files = [{ path: 'CONTENTS.txt', bytes: Buffer.from(`${INTRODUCTION}${list}`) }, ...masked];
  async function* entries() {
    for (const { path, bytes } of files) {
      yield {
        kind: 'file' as const,
        path: `${FOLDER}/${path}`,
        modifiedAtMs: nowMs,
        sizeBytes: bytes.length,
        content: bytes,
      };
    }
  }
  const parts: Uint8Array[] = [];
  for await (const part of packTar(entries())) parts.push(part);
  return { bytes: gzipSync(Buffer.concat(parts)), contents };
}

const INTRODUCTION =
  'What ompay support-bundle collected. Secrets are masked (***), telephone numbers shortened; look before you send it.\n\n';

function endOf(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_DOCUMENT_BYTES) return text;
  const end = bytes.subarray(-MAX_DOCUMENT_BYTES).toString('utf8');
  // From a whole line on: the middle of a secret would not be known as one.
  return `… the beginning is left out\n${end.slice(end.indexOf('\n') + 1)}`;
}
