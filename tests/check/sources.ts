import type { RunSeen, StepSeen } from '../../src/check/history.ts';
import type { CheckSources } from '../../src/check/sources.ts';
import type { Probe } from '../../src/check/types.ts';
import type { JsonObject } from '../../src/plan/plan.ts';

/** 2026-01-02, when every look of these tests happens. */
export const NOW_MS = Date.UTC(2026, 0, 2);
export const HOUR_MS = 3_600_000;

export function ago(hours: number): string {
  return new Date(NOW_MS - hours * HOUR_MS).toISOString();
}

/** Answers of a fresh clone, where nothing was done yet, but for those that are given. */
export function sourcesWith(answers: Partial<CheckSources> = {}): CheckSources {
  return {
    network: false,
    version: '1.2.3',
    source: async () => ({ sha256: 'this', commit: 'abc' }),
    evidence: async () => undefined,
    text: async () => undefined,
    trackedTexts: async () => [],
    generated: async () => [{ path: 'docs/page.md', text: 'page\n' }],
    audit: async () => undefined,
    history: async () => ({ runs: [], notes: [] }),
    currentRun: async () => undefined,
    slots: async () => undefined,
    metricNames: async () => ['ompay_outbox_waiting'],
    metrics: async () => '',
    logLines: async () => [],
    backups: async () => [],
    readBack: async () => ({ works: true, seen: 'read back' }),
    restoreTest: async () => undefined,
    previousRelease: async () => undefined,
    tryRollback: async () => undefined,
    teamMessage: async () => undefined,
    ...answers,
  };
}

/** One look: what the probe is, what it may see, and a text of the finding. */
export interface KindCase {
  readonly title: string;
  readonly probe?: Omit<Probe, 'kind'>;
  readonly sources: Partial<CheckSources>;
  readonly says: string;
}

/** Every kind is shown in all three ways. */
export interface KindCases {
  readonly kind: string;
  readonly pass: readonly KindCase[];
  readonly fail: readonly KindCase[];
  readonly unknown: readonly KindCase[];
}

export function runSeen(name: string, parts: Partial<RunSeen> = {}): RunSeen {
  return {
    run: name,
    command: 'deploy',
    startedAt: ago(1),
    steps: [],
    evidence: [],
    end: { at: ago(1), exitCode: 0, data: {} },
    ...parts,
  };
}

export function done(plan: string, step: string, output: JsonObject = {}, at = ago(1)): StepSeen {
  return { plan, step, at, outcome: 'done', output, error: '' };
}

export function failed(plan: string, step: string, error: string): StepSeen {
  return { plan, step, at: ago(1), outcome: 'failed', output: {}, error };
}

/** The answers inside a run. */
export function within(run: RunSeen): Partial<CheckSources> {
  return { currentRun: async () => run, history: async () => ({ runs: [run], notes: [] }) };
}

/** The answers after runs. */
export function after(...runs: readonly RunSeen[]): Partial<CheckSources> {
  return { history: async () => ({ runs, notes: [] }) };
}
