import type { RunSeen } from '../../../check/history.ts';
import type { CheckSources, Trial } from '../../../check/sources.ts';
import { OmpayError } from '../../../core/errors.ts';
import { type Layout, otherSlot } from '../../../core/layout.ts';
import { liveRelease } from '../../../deploy/deploy.ts';
import { proveStarts } from '../../../deploy/handlers/release.ts';
import { idleSlot, warmRollbackPlan } from '../../../deploy/plan.ts';
import { damagedFiles } from '../../../deploy/releases.ts';
import type { LocalFacts, Release } from '../../../deploy/types.ts';
import type { Host } from '../../../host/host.ts';
import { stepsOf } from '../../../plan/plan.ts';
import type { CheckKitInput } from '../checks.ts';

const HEALTH_TIMEOUT_MS = 3000;

/** The release to go back to, and whether going back would work. */
export function releaseSources(
  { facts, invocation: { layout } }: CheckKitInput,
  host: Host,
  currentRun: () => Promise<RunSeen | undefined>,
): Pick<CheckSources, 'previousRelease' | 'tryRollback'> {
  const way = async (): Promise<WayBack | undefined> => wayBack(await facts(), await currentRun());
  return {
    previousRelease: async () => {
      const found = await way();
      if (found === undefined) return undefined;
      const { id, version, commit } = found.target;
      const damaged = damagedFiles(layout.releases, found.target);
      return { id, version, commit, damaged, wasWell: found.facts.accepted.includes(id) };
    },
    tryRollback: async (signal) => {
      const found = await way();
      if (found === undefined) return undefined;
      return isWarm(found) ? askWarm(found, layout, { host, signal }) : load(found, layout, { host, signal });
    },
  };
}

interface WayBack {
  readonly target: Release;
  /** As they are once the new release is live. */
  readonly facts: LocalFacts;
}

/** Before the switch of a run the way back leads to what is live now, afterwards to what was live before. */
function wayBack(facts: LocalFacts, run: RunSeen | undefined): WayBack | undefined {
  const { accepted, live, releases } = facts;
  if (live === null) return undefined;
  const hasSwitched = run?.steps.some(({ step, outcome }) => step === 'switch' && outcome === 'done') ?? true;
  const current = liveRelease(facts);
  const kept = (id: string): boolean => id !== current && releases.some((each) => each.id === id);
  const id = hasSwitched ? accepted.find(kept) : current;
  const target = releases.find((each) => each.id === id);
  if (target === undefined) return undefined;
  return { target, facts: hasSwitched ? facts : { ...facts, live: otherSlot(live) } };
}

function isWarm({ facts, target }: WayBack): boolean {
  const { release, pid } = facts.slots[idleSlot(facts)];
  return release === target.id && pid !== null;
}

interface Looking {
  readonly host: Host;
  readonly signal: AbortSignal;
}

async function askWarm(
  { facts, target }: WayBack,
  layout: Layout,
  { host, signal }: Looking,
): Promise<Trial> {
  const slot = idleSlot(facts);
  const steps = stepsOf(warmRollbackPlan(facts, target, layout));
  const socketPath = layout.slotSockets[slot];
  const { statusCode } = await host.request({
    method: 'GET',
    target: { socketPath },
    path: '/health',
    timeoutMs: HEALTH_TIMEOUT_MS,
    signal,
  });
  const seen = `${target.id} is warm in ${slot}, whose /health answers ${statusCode}; ${steps.length} steps: ${steps.map(({ id }) => id).join(', ')}`;
  return { works: statusCode === 200, seen };
}

/** It would be started and smoke-tested first; that it loads is what can be tried now. */
async function load({ target }: WayBack, layout: Layout, { host, signal }: Looking): Promise<Trial> {
  const nodePath = (): string => process.execPath;
  try {
    await proveStarts({ layout, nodePath }, target, { host, signal });
    return { works: true, seen: `${target.id} is not warm; its bundle loads whole` };
  } catch (error) {
    if (error instanceof OmpayError && error.code === 'rolledBack')
      return {
        works: false,
        seen: `${target.id} is not warm, and its bundle does not load: ${error.message}`,
      };
    throw error;
  }
}
