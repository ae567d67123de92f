import { createHash } from 'node:crypto';
import { type JsonReader, readJson } from './json.ts';

/** The files of a release on a server that are not listed in its manifest: the manifest, and what vouches for it. */
export const MANIFEST_FILE = 'manifest.json';
/** 64 bytes: Ed25519 (RFC 8032) over the bytes of the manifest, so that `openssl pkeyutl -verify -rawin` can check it too. */
export const SIGNATURE_FILE = 'manifest.sig';

export interface ManifestFile {
  /** A plain name: releases have no folders. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What a release on a server says of itself; a superset of what local releases say. */
/** Of the manifest; another one is not understood, and refused. */
export const FORMAT = 1;

export interface ReleaseManifest {
  readonly format: number;
  /** The first 12 hex characters of `sha256`. */
  readonly id: string;
  readonly version: string;
  /** SHA-256 hex over the runtime and the names and hashes of the files. */
  readonly sha256: string;
  readonly builtAt: string;
  readonly commit: string | null;
  /** The version of Node that runs it. */
  readonly node: string;
  readonly newestMigration: string;
  readonly files: readonly ManifestFile[];
  readonly runtime: RuntimeReference;
}

export interface RuntimeReference {
  /** Of Node's binary, hex; its folder under `runtimes` has this name. */
  readonly sha256: string;
  /** `linux-x64`: what Node calls the system and the processor. */
  readonly platform: string;
}

/** The identity of a set of files: names and hashes, in the order of names. */
export function contentHash(files: readonly Pick<ManifestFile, 'path' | 'sha256'>[], extra: string): string {
  const lines = files.map((file) => `${file.sha256}  ${file.path}\n`).sort();
  return createHash('sha256')
    .update(`${extra}\n${lines.join('')}`)
    .digest('hex');
}

/** The SHA-256 that names a release for servers: the same files on the same runtime are the same release. */
export function releaseDigest({ files, runtime }: Pick<ReleaseManifest, 'files' | 'runtime'>): string {
  return contentHash(files, `runtime ${runtime.platform} ${runtime.sha256}`);
}

export const RELEASE_ID_LENGTH = 12;

/** @param what names the manifest in errors. Throws `releaseNotTrusted` for anything that is no manifest. */
export function parseManifest(bytes: Uint8Array, what: string): ReleaseManifest {
  return readManifest(readJson(bytes, { what, code: 'releaseNotTrusted', hint: SHIP_AGAIN }));
}

export function readManifest(reader: JsonReader): ReleaseManifest {
  const runtime = reader.object('runtime');
  return {
    format: reader.whole('format'),
    id: reader.text('id'),
    version: reader.text('version'),
    sha256: reader.text('sha256'),
    builtAt: reader.text('builtAt'),
    commit: reader.textOrNull('commit'),
    node: reader.text('node'),
    newestMigration: reader.text('newestMigration'),
    files: reader.list('files', (file) => ({
      path: file.text('path'),
      sha256: file.text('sha256'),
      sizeBytes: file.whole('sizeBytes'),
    })),
    runtime: { sha256: runtime.text('sha256'), platform: runtime.text('platform') },
  };
}

export const SHIP_AGAIN = 'send it again: ompay deploy -e ENVIRONMENT';
