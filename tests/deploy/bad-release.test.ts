import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closeStage,
  type DeployOutcome,
  deployOf,
  openStage,
  type Stage,
  withLoad,
} from '../../bench/bad-release/stage.ts';
import { liveSlot } from '../../src/core/slots/live.ts';
import { type Fault, faultyTree } from '../fixtures/faulty-release.ts';
import { freePort, PROGRAM_ROOT } from '../fixtures/installation.ts';

/** The old release must serve again so soon after the switch. */
const MOST_BACK_MS = 15_000;
const BAKE_SECONDS = 10;

/**
 * The short form of `node bench/bad-release.ts`, under about 200 requests a second. A release that is only slower is for
 * the bench, alone on its machine: other tests may slow the half minute before and then be done.
 */
describe('a bad release', { timeout: 400_000 }, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(PROGRAM_ROOT, await freePort());
  }, 200_000);
  afterAll(() => closeStage(stage));

  async function deployed(fault: Fault): Promise<DeployOutcome> {
    const before = liveSlot(stage.layout);
    let outcome: DeployOutcome | undefined;
    const load = await withLoad(stage, async () => {
      const tree = faultyTree(PROGRAM_ROOT, join(stage.work, 'tree'), fault);
      outcome = await deployOf(stage, tree, BAKE_SECONDS);
    });
    if (outcome === undefined) throw new Error('nothing was deployed');
    expect(load.requests).toBeGreaterThan(100);
    expect(liveSlot(stage.layout)).toBe(before);
    expect(outcome).toMatchObject({ exitCode: 5, switched: true });
    expect(outcome.backAfterMs).toBeLessThan(MOST_BACK_MS);
    expect(outcome.observation?.perSecond.length).toBeGreaterThan(2);
    return outcome;
  }

  it('that answers 5 % of transfers with 500 goes back by itself under load', async () => {
    const { observation, summary } = await deployed({ kind: 'transfersFail', share: 0.05 });
    // Where the machine lets few requests through, the watch may see too few; then the release's own log says it.
    expect(summary).toMatch(/\d+ of \d+ requests failed|error-logs/);
    expect(observation?.baseline).toMatchObject({ failed: 0 });
  });

  // The last one here: what it wrote stays in the ledger.
  it('that breaks an invariant of the ledger goes back by itself under load', async () => {
    const { observation } = await deployed({ kind: 'ledgerOnceLive' });
    expect(observation?.verdict).toBe('bad');
    expect(observation?.reasons).toEqual([expect.stringContaining('the ledger is broken')]);
  });
});

it('a release whose ledger is wrong from its first transfer is never live', {
  timeout: 400_000,
}, async () => {
  const stage = await openStage(PROGRAM_ROOT, await freePort());
  try {
    const before = liveSlot(stage.layout);
    const tree = faultyTree(PROGRAM_ROOT, join(stage.work, 'tree'), { kind: 'ledgerFromStart' });
    const outcome = await deployOf(stage, tree, BAKE_SECONDS);
    expect(outcome).toMatchObject({ exitCode: 5, switched: false });
    expect(liveSlot(stage.layout)).toBe(before);
  } finally {
    closeStage(stage);
  }
});
