import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import {
  FORMAT,
  MANIFEST_FILE,
  type ManifestFile,
  parseManifest,
  RELEASE_ID_LENGTH,
  type ReleaseManifest,
  releaseDigest,
  SHIP_AGAIN,
  SIGNATURE_FILE,
} from '../../core/release-manifest.ts';
import { NODE_LINK, type ReleasePlaces } from '../../core/server-layout.ts';
import { assertSigned } from './trust.ts';

const MAX_MANIFEST_BYTES = 1_000_000;
const CHUNK_BYTES = 1_048_576;
const PLAIN_NAME = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * Throws `releaseNotTrusted` unless the folder holds exactly the release that its name says, signed by a trusted key: every
 * file of the manifest with its size and hash, nothing besides, and the runtime that it was built for.
 * @param id for a folder that does not have its name yet.
 */
export function verifyRelease(
  folder: string,
  places: Pick<ReleasePlaces, 'runtimes' | 'trustedKeys'>,
  id = basename(folder),
): ReleaseManifest {
  const what = `release ${id}`;
  const bytes = contentOf(folder, MANIFEST_FILE, what);
  const signature = signatureOf(folder, what);
  assertSigned({ what, bytes, signature, trustFolder: places.trustedKeys });
  const manifest = parseManifest(bytes, `the manifest of ${what}`);
  assertIdentity(manifest, id);
  assertOnlyThese(folder, manifest.files, what);
  for (const file of manifest.files) assertFile(folder, file, what);
  assertRuntime(folder, manifest, places.runtimes);
  return manifest;
}

function contentOf(folder: string, name: string, what: string): Uint8Array {
  const path = join(folder, name);
  try {
    const { size } = lstatSync(path);
    if (size <= MAX_MANIFEST_BYTES) return readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw refused(`${what} has no ${name} (${systemCodeOf(error)}): it was not sent whole`, error);
  }
  throw refused(`${name} of ${what} has more than ${MAX_MANIFEST_BYTES} bytes`);
}

/** Empty where there is none. */
function signatureOf(folder: string, what: string): Uint8Array {
  const hasOne = lstatSync(join(folder, SIGNATURE_FILE), { throwIfNoEntry: false }) !== undefined;
  return hasOne ? contentOf(folder, SIGNATURE_FILE, what) : new Uint8Array();
}

/** A signed manifest of another release is not this one. */
function assertIdentity(manifest: ReleaseManifest, id: string): void {
  if (manifest.format !== FORMAT)
    throw refused(
      `release ${id} has a manifest of format ${manifest.format}, and this agent knows ${FORMAT}`,
    );
  const digest = releaseDigest(manifest);
  if (manifest.sha256 === digest && manifest.id === digest.slice(0, RELEASE_ID_LENGTH) && manifest.id === id)
    return;
  throw refused(`release ${id} holds what is named ${digest.slice(0, RELEASE_ID_LENGTH)} by its content`);
}

function assertOnlyThese(folder: string, files: readonly ManifestFile[], what: string): void {
  const odd = files.find(({ path }) => !PLAIN_NAME.test(path));
  if (odd !== undefined) throw refused(`${what} names a file ${JSON.stringify(odd.path)}`);
  const signed = new Set([...files.map(({ path }) => path), MANIFEST_FILE, SIGNATURE_FILE, NODE_LINK]);
  const others = readdirSync(folder).filter((name) => !signed.has(name));
  if (others.length > 0) throw refused(`${what} holds ${others.join(', ')}, which nobody signed`);
}

function assertFile(folder: string, { path, sizeBytes, sha256 }: ManifestFile, what: string): void {
  const stat = lstatSync(join(folder, path), { throwIfNoEntry: false });
  if (stat === undefined) throw refused(`${what} lacks ${path}: it was not sent whole`);
  if (!stat.isFile()) throw refused(`${path} of ${what} is no file`);
  if (stat.size !== sizeBytes)
    throw refused(`${path} of ${what} has ${stat.size} bytes, and ${sizeBytes} were signed`);
  if (hashOf(join(folder, path)) !== sha256) throw refused(`${path} of ${what} is not what was signed`);
}

function assertRuntime(folder: string, { id, runtime }: ReleaseManifest, runtimes: string): void {
  const wanted = join(runtimes, runtime.sha256, NODE_LINK);
  const link = linkIn(folder);
  if (link === undefined || resolve(folder, link) !== wanted)
    throw refused(`${NODE_LINK} of release ${id} leads to ${link ?? 'nothing'}, not to ${wanted}`);
  const stat = lstatSync(wanted, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw refused(`the runtime of release ${id} is missing: ${wanted}`);
  if (hashOf(wanted) !== runtime.sha256)
    throw refused(`the runtime of release ${id} is not what its name says: ${wanted}`);
}

function linkIn(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, NODE_LINK));
  } catch {
    return undefined;
  }
}

/** In parts: a runtime has 100 MB, and hosts are small. */
export function hashOf(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    for (let size = readSync(descriptor, chunk); size > 0; size = readSync(descriptor, chunk))
      hash.update(chunk.subarray(0, size));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}

function refused(message: string, cause?: unknown): OmpayError {
  return new OmpayError('releaseNotTrusted', message, { hint: SHIP_AGAIN, cause });
}
