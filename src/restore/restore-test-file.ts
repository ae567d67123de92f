import type { KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { hasPassed, type RestoreTest } from '../core/restore-test.ts';
import { openRecord, sealRecord } from '../store/repository/record.ts';

export interface KeptTest {
  readonly id: string;
  readonly at: string;
  readonly store: string;
  readonly passed: boolean;
  readonly problem: string;
}

/** Where a test was kept, and what proves that it was not changed since. */
export interface SealedTest {
  readonly path: string;
  /** SHA-256 of its content, hex. */
  readonly hash: string;
  /** ed25519 over that hash, base64. */
  readonly signature: string;
}

/**
 * Keeps a test with its hash and a signature (ed25519), 0600, whole or not at all. The reader of a report checks it
 * by the installation's public key.
 */
export function keepTest(folder: string, test: RestoreTest, signingKey: KeyObject): SealedTest {
  const path = join(folder, `${test.id}.json`);
  const { bytes, hash, signature } = sealRecord({ version: 1, ...test, passed: hasPassed(test) }, signingKey);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileAtomic(path, bytes, 0o600);
  } catch (error) {
    throw diskRefusal(error, folder) ?? error;
  }
  return { path, hash, signature };
}

/** The newest that was kept; undefined when there is none. Throws `backupDamaged` when it was changed since. */
export function newestTest(folder: string, verificationKey: KeyObject): KeptTest | undefined {
  const name = namesIn(folder)
    .filter((each) => /^[0-9A-Z]{26}\.json$/.test(each))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .at(-1);
  if (name === undefined) return undefined;
  const path = join(folder, name);
  const { content } = openRecord(readFileSync(path), verificationKey, path);
  return {
    id: content.text('id'),
    at: content.text('at'),
    store: content.text('store'),
    passed: content.flag('passed'),
    problem: content.text('problem'),
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
