import { describe, expect, it } from 'vitest';
import { localLayout } from '../../src/core/layout.ts';
import { plansOf } from '../../src/deploy/deploy.ts';
import { type DeployChoices, warmRollbackPlan } from '../../src/deploy/plan.ts';
import type { LocalFacts, Release } from '../../src/deploy/types.ts';
import { planText } from '../../src/plan/text.ts';

const layout = localLayout('/srv/ompay');
const release: Release = {
  id: '0a1b2c3d4e5f',
  version: '0.1.0',
  sha256: '0a1b2c3d4e5f'.padEnd(64, '0'),
  builtAt: '2026-11-22T12:00:00.000Z',
  commit: null,
  node: '24.21.0',
  newestMigration: '0001',
  files: [],
};
const empty: LocalFacts = {
  live: null,
  slots: {
    blue: { slot: 'blue', release: null, pid: null },
    green: { slot: 'green', release: null, pid: null },
  },
  supervisorRuns: false,
  databaseRuns: false,
  frontRuns: false,
  port: null,
  hasData: false,
  releases: [],
  accepted: [],
};
const blueLive: LocalFacts = {
  ...empty,
  live: 'blue',
  slots: {
    blue: { slot: 'blue', release: 'old', pid: 100 },
    green: { slot: 'green', release: null, pid: null },
  },
  supervisorRuns: true,
  databaseRuns: true,
  frontRuns: true,
  port: 8080,
  hasData: true,
};
const choices: DeployChoices = { purpose: 'deploy', port: 8080, bakeMs: 10_000, keep: 5 };

describe('the plans of a deploy', () => {
  it('reads as the story of a first deploy', async () => {
    await expect(plansOf(empty, release, choices, layout).map(planText).join('\n')).toMatchFileSnapshot(
      '../goldens/deploy/first.txt',
    );
  });

  it('switches from blue to green beside a running release, and drains blue', async () => {
    await expect(plansOf(blueLive, release, choices, layout).map(planText).join('\n')).toMatchFileSnapshot(
      '../goldens/deploy/second.txt',
    );
  });

  it('rolls back to a warm slot without building or starting anything', async () => {
    await expect(planText(warmRollbackPlan(blueLive, release, layout))).toMatchFileSnapshot(
      '../goldens/deploy/rollback.txt',
    );
  });

  it('gives every step after the lock an id that is unique in its plan, and a time limit', () => {
    for (const plan of plansOf(blueLive, release, choices, layout)) {
      const steps = plan.stages.flatMap((stage) => stage.steps);
      expect(new Set(steps.map((step) => step.id)).size).toBe(steps.length);
      for (const step of steps)
        expect('timeoutMs' in step.action && step.action.timeoutMs).toBeGreaterThan(0);
    }
  });
});
