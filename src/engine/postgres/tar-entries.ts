import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import type { ArchiveEntry } from '../../core/archive.ts';
import { OmpayError } from '../../core/errors.ts';

/**
 * The files and folders of a tar as it comes. Each one's content is read before the next is asked for; what is not read
 * is passed over. Throws `stateUnusable` for what is neither file nor folder.
 */
export async function* tarEntries(tar: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  const extractor = extract();
  const fed = pipeline(tar, extractor);
  // Told through the extractor, or awaited at the end.
  fed.catch(() => undefined);
  try {
    for await (const entry of extractor) {
      const { header } = entry;
      const path = header.name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
      const modifiedAtMs = header.mtime?.getTime() ?? 0;
      if (header.type === 'directory') {
        if (path !== '' && path !== '.') yield { kind: 'folder', path, modifiedAtMs };
      } else if (isFile(header)) {
        yield { kind: 'file', path, modifiedAtMs, sizeBytes: header.size ?? 0, content: bytesOf(entry) };
      } else throw notCopied(path);
      entry.resume();
    }
    await fed;
  } finally {
    extractor.destroy();
  }
}

function isFile({ type }: Header): boolean {
  return type === 'file' || type === 'contiguous-file';
}

async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk;
}

function notCopied(path: string): OmpayError {
  return new OmpayError('stateUnusable', `${path} is neither a file nor a folder`, {
    hint: 'tablespaces outside the data folder cannot be backed up; move them into it',
  });
}
