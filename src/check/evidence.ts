import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { JsonObject } from '../plan/plan.ts';

/** In the checkout beside the source that it is about; ignored by git. */
const FOLDER = '.ompay-evidence';

/** What a command saw of one source: counts and figures for a check to read later. */
export interface Evidence {
  readonly name: string;
  /** ISO 8601 */
  readonly at: string;
  /** SHA-256 of what it is about: the source tree, or the lock file. */
  readonly subject: string;
  readonly commit: string | null;
  readonly figures: JsonObject;
}

/** Writes it with its own SHA-256: a file edited by hand is refused. Says that it was changed, not by whom. */
export function writeEvidence(root: string, evidence: Evidence): void {
  mkdirSync(join(root, FOLDER), { recursive: true });
  const text = `${JSON.stringify({ ...fieldsOf(evidence), sha256: sealOf(evidence) }, null, 2)}\n`;
  writeFileAtomic(pathOf(root, evidence.name), text, 0o644);
}

/** Undefined when there is none. Throws `stateUnusable` when it is not as it was written. */
export function readEvidence(root: string, name: string): Evidence | undefined {
  const path = pathOf(root, name);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw changed(path, error);
  }
  if (!isSealed(value) || value.name !== name || sealOf(value) !== value.sha256) throw changed(path);
  return value;
}

function pathOf(root: string, name: string): string {
  return join(root, FOLDER, `${name}.json`);
}

function fieldsOf({ name, at, subject, commit, figures }: Evidence): Evidence {
  return { name, at, subject, commit, figures };
}

function sealOf(evidence: Evidence): string {
  return createHash('sha256')
    .update(JSON.stringify(fieldsOf(evidence)))
    .digest('hex');
}

function isSealed(value: unknown): value is Evidence & { readonly sha256: string } {
  if (typeof value !== 'object' || value === null) return false;
  const record: Readonly<Record<string, unknown>> = { ...value };
  const isCommit = record.commit === null || typeof record.commit === 'string';
  const isFigures = typeof record.figures === 'object' && record.figures !== null;
  const texts = ['name', 'at', 'subject', 'sha256'].every((name) => typeof record[name] === 'string');
  return texts && isCommit && isFigures;
}

function changed(path: string, cause?: unknown): OmpayError {
  return new OmpayError('stateUnusable', `${path} is not as it was written`, {
    hint: `remove it and make it again: rm '${path}'`,
    ...(cause === undefined ? {} : { cause }),
  });
}
