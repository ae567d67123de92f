import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { writeEvidence } from '../src/check/evidence.ts';
import { sourceHash } from '../src/check/source-tree.ts';
import { isoTime, systemClock } from '../src/core/clock.ts';
import type { JsonObject } from '../src/plan/plan.ts';

export interface EvidenceRecorder {
  /** Writes the figures; false, and nothing written, when the source changed meanwhile: they are of no source then. */
  record(figures: JsonObject): boolean;
}

/** Begins to measure this source: what is recorded later is evidence for it alone (docs/checks.md). */
export function measureSource(root: string, name: string): EvidenceRecorder {
  const subject = sourceHash(root);
  return {
    record: (figures) => {
      if (sourceHash(root) !== subject) return false;
      writeEvidence(root, { name, at: isoTime(systemClock.now()), subject, commit: commitOf(root), figures });
      return true;
    },
  };
}

/** For people: the hash says what was measured. Null outside git. */
function commitOf(root: string): string | null {
  const options: ExecFileSyncOptionsWithStringEncoding = {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  try {
    const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], options).trim();
    const changes = execFileSync('git', ['status', '--porcelain', '--untracked-files=no'], options);
    return changes === '' ? commit : `${commit}+changes`;
  } catch {
    return null;
  }
}
