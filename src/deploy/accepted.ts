import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';

/** More than are ever kept on disk. */
const REMEMBERED = 20;

/**
 * The releases that were live and passed their observation, newest first. What was only started, or switched to and
 * never watched to the end (its deploy was killed), is not among them: `rollback` may not trust it.
 */
export function acceptedReleases(layout: Layout): readonly string[] {
  try {
    const value: unknown = JSON.parse(readFileSync(pathOf(layout), 'utf8'));
    return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
  } catch {
    // Missing before the first deploy; a damaged file costs one more observation, nothing else.
    return [];
  }
}

export function acceptRelease(layout: Layout, id: string): void {
  const others = acceptedReleases(layout).filter((each) => each !== id);
  writeFileAtomic(pathOf(layout), JSON.stringify([id, ...others].slice(0, REMEMBERED)), 0o600);
}

function pathOf(layout: Layout): string {
  return join(layout.state, 'accepted.json');
}
