import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { type JournalFiles, journalFiles, openJournal, parseLine } from '../../src/plan/journal.ts';
import { type JournalVerdict, verifyJournal } from '../../src/plan/verify.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

export const IDENTITY = { run: 'RUN', by: 'ana@mac' };

export function filesIn(folder: string): JournalFiles {
  return journalFiles({ journal: join(folder, 'journal'), keys: join(folder, 'keys') });
}

export function note(files: JournalFiles, text: string): void {
  openJournal(files, IDENTITY, systemClock).append({ type: 'note', text, data: {} });
}

export function linesIn(files: JournalFiles): ReturnType<typeof parseLine>[] {
  return linesOf(readFileSync(files.lines));
}

export function linesOf(bytes: Buffer): ReturnType<typeof parseLine>[] {
  return bytes.toString('utf8').trimEnd().split('\n').map(parseLine);
}

/** A journal whose events hold what readers of text stumble over. */
export const TEXTS = ['a\u2028b\u2029c', 'é ☃ 🎉 \ufffd \r\n "}', '{"seq":3,', 'last'];

export interface Written {
  readonly files: JournalFiles;
  readonly bytes: Buffer;
  /** The whole file with its lines changed, then verified. */
  verdictOf(content: Uint8Array | string): Promise<JournalVerdict>;
}

export function written(texts: readonly string[] = TEXTS): Written {
  const files = filesIn(temporaryFolder());
  const journal = openJournal(files, { run: 'R', by: 'ana@mac' }, manualClock());
  for (const text of texts) journal.append({ type: 'note', text, data: {} });
  return {
    files,
    bytes: readFileSync(files.lines),
    verdictOf: (content) => {
      writeFileSync(files.lines, content);
      return verifyJournal(files);
    },
  };
}

/** The number of the line that the byte is in; a newline belongs to the line that it ends. */
export function lineAt(bytes: Buffer, offset: number): number {
  return bytes.subarray(0, offset).toString('latin1').split('\n').length;
}

export function textLines(bytes: Buffer): string[] {
  return bytes.toString('utf8').trimEnd().split('\n');
}
