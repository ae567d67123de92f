import { createReadStream, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KeyRing } from '../../auth/keys.ts';
import { GENESIS_HASH } from '../../ledger/house.ts';
import { type AnchorLine, isChained, isSigned, parseAnchorLine } from './line.ts';

export interface AnchorFile {
  readonly path: string;
  /** Those that may have signed it. */
  readonly keys: KeyRing;
}

/** Every anchor file of a folder, in the order of names; none where there is no such folder. */
export function anchorFilesIn(folder: string, keys: KeyRing): readonly AnchorFile[] {
  const names = readdirSync(folder, { recursive: false, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => ({ path: join(folder, name), keys }));
}

export type ReadAnchor =
  | { readonly kind: 'line'; readonly line: AnchorLine }
  /** @property row what names the place: `file line=7`. */
  | { readonly kind: 'broken'; readonly row: string };

/**
 * The lines in order; ends at the first that is not as it was written. Lines under a key that is not in the ring any more
 * are vouched for by a later one under a key that is; where none follows, the file is broken at its end.
 */
export async function* readAnchors({ path, keys }: AnchorFile): AsyncGenerator<ReadAnchor> {
  const keyById = new Map(keys.map(({ id, key }) => [id, key]));
  const input = createReadStream(path, 'utf8');
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let previous = GENESIS_HASH;
  let number = 0;
  let vouched = true;
  const row = (): string => `${basename(path)} line=${number}`;
  try {
    for await (const text of lines) {
      number += 1;
      const line = parseAnchorLine(text);
      const key = line === undefined ? undefined : keyById.get(line.keyId);
      const whole =
        line !== undefined && isChained(line, previous) && (key === undefined || isSigned(line, key));
      if (!whole) {
        yield { kind: 'broken', row: row() };
        return;
      }
      vouched = key !== undefined;
      previous = line.hash;
      yield { kind: 'line', line };
    }
    if (!vouched) yield { kind: 'broken', row: row() };
  } finally {
    lines.close();
    input.destroy();
  }
}
