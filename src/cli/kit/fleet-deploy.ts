import { SETTINGS } from '../../config/yml/settings.ts';
import { OmpayError } from '../../core/errors.ts';
import {
  deployPlansOf,
  type FleetResult,
  fleetDeploy,
  fleetRollback,
  rollbackPlansOf,
} from '../../deploy/fleet/deploy.ts';
import type { FleetChoices } from '../../deploy/fleet/plan.ts';
import { presentHooks } from '../../hooks/find.ts';
import { hookPlans } from '../../plan/hook-plan.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import type { OperationResult } from '../operation.ts';
import { environmentName } from './environment.ts';
import { type FleetConfig, fleetConfig, lookAtFleet, runFleetOperation, shippableOf } from './fleet.ts';
import { printPlans } from './plans.ts';

/** With --detailed-exitcode, for schedulers: nothing had to be done. */
const UNCHANGED_EXIT_CODE = 42;

/** `deploy -e ENV`. */
export async function deployFleet(invocation: Invocation, bakeSeconds: number | undefined): Promise<number> {
  if (textOption(invocation.command, 'port') !== undefined) throw portIsLocal(invocation);
  const fleet = fleetConfig(invocation);
  const choices = choicesOf(invocation, fleet, bakeSeconds);
  if (hasOption(invocation.command, 'plan')) {
    const [facts, shippable] = await Promise.all([lookAtFleet(invocation), shippableOf(invocation)()]);
    const before = hookPlans(choices.hooks ?? [], 'pre-deploy');
    printPlans(invocation.output, [...before, ...deployPlansOf(facts, shippable, choices)]);
    return 0;
  }
  const isDetailed = hasOption(invocation.command, 'detailedExitcode');
  const withoutBackup = hasOption(invocation.command, 'withoutBackup');
  return runFleetOperation(
    invocation,
    fleet,
    { command: 'deploy', title: 'Deploy', input: { ...choices }, withoutBackup },
    async (kit) => deployed(await fleetDeploy(kit, choices), isDetailed),
  );
}

/** `rollback -e ENV [RELEASE]`. */
export async function rollbackFleet(invocation: Invocation): Promise<number> {
  const [wanted] = invocation.args;
  const fleet = fleetConfig(invocation);
  const choices = choicesOf(invocation, fleet, undefined);
  if (hasOption(invocation.command, 'plan')) {
    const before = hookPlans(choices.hooks ?? [], 'pre-rollback');
    const plans = rollbackPlansOf(await lookAtFleet(invocation), wanted, choices);
    printPlans(invocation.output, [...before, ...plans]);
    return 0;
  }
  return runFleetOperation(
    invocation,
    fleet,
    { command: 'rollback', title: 'Roll back', input: { release: wanted ?? null }, withoutBackup: false },
    async (kit) => rolledBack(await fleetRollback(kit, wanted, choices)),
  );
}

function choicesOf(
  { layout }: Invocation,
  { config }: FleetConfig,
  bakeSeconds: number | undefined,
): FleetChoices {
  return {
    bakeMs: (bakeSeconds ?? config.value(SETTINGS.checksBakeSeconds) ?? 10) * 1000,
    keep: config.value(SETTINGS.retentionReleases) ?? 5,
    hooks: presentHooks(layout),
  };
}

function deployed(result: FleetResult, isDetailed: boolean): OperationResult {
  const { changed, release, previous, outputs, healed } = result;
  const hosts = Object.keys(previous).join(', ');
  const data = dataOf(result);
  const mended = healed === null ? '' : `; before that, ${healed} was made live on all, as hosts differed`;
  if (!changed) {
    const summary = `release ${release} is live already on ${hosts}; nothing to do${mended}`;
    return { exitCode: isDetailed ? UNCHANGED_EXIT_CODE : 0, summary, data };
  }
  const { requests = 0, failedRequests = 0 } = outputs.observe ?? {};
  const seen = `${String(failedRequests)} failed requests of ${String(requests)}`;
  return { exitCode: 0, summary: `release ${release} is live on ${hosts}: ${seen}${mended}`, data };
}

function rolledBack(result: FleetResult): OperationResult {
  const { changed, release, previous } = result;
  const hosts = Object.keys(previous).join(', ');
  const summary = changed
    ? `release ${release} serves again on ${hosts}`
    : `release ${release} is live already on ${hosts}; nothing to do`;
  return { exitCode: 0, summary, data: dataOf(result) };
}

function dataOf({ release, previous, healed, outputs }: FleetResult): JsonObject {
  const switches = Object.entries(outputs).flatMap(([step, output]) =>
    step.startsWith('switch-') ? [[step.slice('switch-'.length), output.switchMicroseconds ?? null]] : [],
  );
  return {
    release,
    previous: { ...previous },
    healed,
    switchMicroseconds: Object.fromEntries(switches),
    requests: outputs.observe?.requests ?? null,
    failedRequests: outputs.observe?.failedRequests ?? null,
  };
}

function portIsLocal(invocation: Invocation): OmpayError {
  return new OmpayError('usage', '--port is for this machine; servers answer on 80 and 443', {
    hint: `ompay deploy -e ${environmentName(invocation)}`,
  });
}
