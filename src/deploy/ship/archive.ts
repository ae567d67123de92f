import { gzipSync } from 'node:zlib';
import type { ArchiveEntry } from '../../core/archive.ts';
import { packTar } from '../../store/repository/tar.ts';
import type { BundledFile } from '../bundle.ts';

/** A compressed tar in base64, for the standard input of a line. Without times, so that the same files give the same text. */
export async function archiveOf(files: readonly BundledFile[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packTar(entriesOf(files))) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks)).toString('base64');
}

async function* entriesOf(files: readonly BundledFile[]): AsyncGenerator<ArchiveEntry> {
  for (const { path, content } of files)
    yield { kind: 'file', path, content, sizeBytes: content.length, modifiedAtMs: 0 };
}
