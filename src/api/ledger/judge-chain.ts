import { hash } from 'node:crypto';
import type { ChainedEntries, ChainedRow, ChainPage } from './chain-page.ts';
import { isSealed } from './description.ts';

/** What is wrong with one place of the chain, or with several that follow each other. */
export interface ChainFault {
  readonly kind: 'missing' | 'changed' | 'description' | 'entries' | 'unbalanced';
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Of the transfer; empty where there is none. */
  readonly transferId: string;
  readonly expectedHash: string;
  readonly foundHash: string;
}

/** What the next transfer may be chained to: of a changed one, what stands there and what should. */
export type PreviousHashes = readonly string[];

export interface JudgedPage {
  readonly faults: readonly ChainFault[];
  /** None after a transfer that is missing: the next one's hash cannot be worked out then. */
  readonly previous: PreviousHashes;
  readonly entries: number;
  /** Transfers whose description the chain does not cover, written before migration 0004. */
  readonly uncovered: number;
}

/** Works out every hash of the page. Pure. */
export function judgePage(page: ChainPage, previous: PreviousHashes): JudgedPage {
  const faults: ChainFault[] = [];
  let before = previous;
  let entries = 0;
  let uncovered = 0;
  for (let seq = page.fromSeq; seq <= page.toSeq; seq += 1) {
    const row = page.transfers.get(seq);
    const lines = page.entries.get(seq);
    entries += lines?.lines ?? 0;
    if (row === undefined) {
      addMissing(faults, seq);
      before = [];
      continue;
    }
    const place = { fromSeq: seq, toSeq: seq, transferId: row.id, foundHash: row.chainHash };
    const judged = judgeHash(row, lines, before);
    if (!judged.right) faults.push({ kind: 'changed', ...place, expectedHash: judged.expected });
    faults.push(
      ...contentFaults(row, lines).map((kind) => ({ kind, ...place, expectedHash: row.chainHash })),
    );
    before = judged.right ? [row.chainHash] : [row.chainHash, judged.expected];
    if (judged.old) uncovered += 1;
  }
  return { faults, previous: before, entries, uncovered };
}

function addMissing(faults: ChainFault[], seq: number): void {
  const last = faults.at(-1);
  if (last?.kind === 'missing' && last.toSeq === seq - 1) faults[faults.length - 1] = { ...last, toSeq: seq };
  else {
    const nothing = { transferId: '', expectedHash: 'a transfer', foundHash: '' };
    faults.push({ kind: 'missing', fromSeq: seq, toSeq: seq, ...nothing });
  }
}

interface JudgedHash {
  readonly right: boolean;
  readonly expected: string;
  /** Written by a release before migration 0004. */
  readonly old: boolean;
}

function judgeHash(row: ChainedRow, lines: ChainedEntries | undefined, previous: PreviousHashes): JudgedHash {
  const digest = row.digest === null ? 'null' : `"${row.digest}"`;
  const known = previous.map((before) => `["${before}",${row.text},[${lines?.text ?? ''}]`);
  const expected = known.map((record) => hash('sha256', `${record},${digest}]`));
  const [first] = expected;
  // After a missing transfer there is nothing to work it out from, and the missing one is named.
  if (first === undefined || expected.includes(row.chainHash)) {
    return { right: true, expected: row.chainHash, old: false };
  }
  const old = row.digest === null && known.some((record) => hash('sha256', `${record}]`) === row.chainHash);
  return { right: old, expected: first, old };
}

/** What no hash holds, as it stands in two places that must be alike. */
function contentFaults(
  row: ChainedRow,
  lines: ChainedEntries | undefined,
): readonly ('description' | 'entries' | 'unbalanced')[] {
  const sealed = row.digest === null || isSealed({ salt: row.salt, digest: row.digest }, row.description);
  const bound =
    lines === undefined ||
    (lines.leastTransferId === row.id &&
      lines.mostTransferId === row.id &&
      lines.leastCreatedAtMs === row.createdAtMs &&
      lines.mostCreatedAtMs === row.createdAtMs);
  const balanced = lines !== undefined && lines.lines >= 2 && lines.total === 0;
  return [
    ...(sealed ? [] : (['description'] as const)),
    ...(bound ? [] : (['entries'] as const)),
    ...(balanced ? [] : (['unbalanced'] as const)),
  ];
}
