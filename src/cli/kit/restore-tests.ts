import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { LOCAL } from '../../config/yml/project.ts';
import { messageOf } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { shownAge } from '../../core/units.ts';
import { type KeptTest, newestTest } from '../../restore/restore-test-file.ts';

/** A month, as the instruction to test restores monthly means it, and a day's grace. */
const OVERDUE_AFTER_MS = 32 * 86_400_000;

export type RestoreTestState =
  | { readonly state: 'never' }
  | { readonly state: 'passed' | 'failed' | 'overdue'; readonly test: KeptTest }
  | { readonly state: 'unreadable'; readonly why: string };

/** Where records and pages of an environment's restore tests are kept. */
export function restoreTestsFolder({ state }: Pick<Layout, 'state'>, site: string): string {
  const all = join(state, 'restore-tests');
  return site === LOCAL ? all : join(all, site);
}

/** What the newest restore test says now. */
export function restoreTestState(
  folder: string,
  verificationKey: KeyObject,
  nowMs: number,
): RestoreTestState {
  try {
    const test = newestTest(folder, verificationKey);
    if (test === undefined) return { state: 'never' };
    if (!test.passed) return { state: 'failed', test };
    return { state: nowMs - Date.parse(test.at) > OVERDUE_AFTER_MS ? 'overdue' : 'passed', test };
  } catch (error) {
    return { state: 'unreadable', why: messageOf(error) };
  }
}

export function shownRestoreTest(seen: RestoreTestState, nowMs: number): string {
  if (seen.state === 'never') return 'restore test: never: ompay restore-test\n';
  if (seen.state === 'unreadable') return `restore test: its record cannot be trusted: ${seen.why}\n`;
  const { at, store } = seen.test;
  const words = { passed: 'passed', failed: 'FAILED', overdue: 'passed, but it is OVERDUE' }[seen.state];
  return `restore test: ${words}, from ${store}, ${shownAge(nowMs - Date.parse(at))}\n`;
}
