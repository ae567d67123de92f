import type { Command } from 'commander';
import { LOCAL } from '../config/yml/project.ts';
import { OmpayError } from '../core/errors.ts';
import { type DeployResult, deploy, figuresOf, phase, plansOf, settle } from '../deploy/deploy.ts';
import { DEFAULT_BAKE_MS } from '../deploy/observation/rule.ts';
import { type DeployChoices, KEEP_RELEASES } from '../deploy/plan.ts';
import { lockPlan, unlockPlan } from '../deploy/service-plans.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { deployFleet } from './kit/fleet-deploy.ts';
import { type Hooks, hooked, hooksOf, plansBefore } from './kit/hooks.ts';
import { type LocalKit, localKit } from './kit/local.ts';
import { printPlans } from './kit/plans.ts';
import { reportAfterwards } from './kit/report.ts';
import { type OperationResult, runOperation } from './operation.ts';

const DEFAULT_PORT = 8080;
/** With --detailed-exitcode, for schedulers: nothing had to be done. */
const UNCHANGED_EXIT_CODE = 42;
const MAX_BAKE_SECONDS = 3600;

export function configure(command: Command): void {
  environmentOption(command)
    .option(
      '--port <n>',
      `the port of the API on this machine (default: the one it has, else ${DEFAULT_PORT})`,
    )
    .option('--plan', 'print exactly what would run, and run nothing')
    .option(
      '--bake <seconds>',
      `how long users are watched after the switch, 1 to ${MAX_BAKE_SECONDS} (default: ${DEFAULT_BAKE_MS / 1000}, on servers checks.bake_seconds)`,
    )
    .option('--without-backup', 'on servers: migrate although no backup goes before it')
    .option('--detailed-exitcode', `exit ${UNCHANGED_EXIT_CODE} when this release was live already`);
}

export async function run(invocation: Invocation): Promise<number> {
  const bakeSeconds = bakeSecondsOf(invocation);
  if (environmentName(invocation) !== LOCAL) return deployFleet(invocation, bakeSeconds);
  const kit = localKit(invocation);
  const hooks = hooksOf(invocation, 'deploy', LOCAL);
  const choices = { ...(await choicesOf(invocation, kit, bakeSeconds)), hooks: hooks.present };
  if (hasOption(invocation.command, 'plan')) return printPlan(invocation, kit, { choices, hooks });
  return runOperation(
    invocation,
    {
      command: 'deploy',
      title: 'Deploy',
      input: { ...choices },
      handlers: (operation) => ({ ...kit.handlers(operation), ...hooks.handlers(operation) }),
      afterwards: reportAfterwards(invocation),
    },
    async (operation) => {
      await phase(operation, lockPlan());
      return hooked(operation, hooks, { port: choices.port }, async () => {
        const result = await deploy({ ...operation, ...kit.deployKit }, choices);
        await settle(operation, [unlockPlan()]);
        return resultOf(result, choices, hasOption(invocation.command, 'detailedExitcode'));
      });
    },
  );
}

async function printPlan(
  invocation: Invocation,
  kit: LocalKit,
  { choices, hooks }: { readonly choices: DeployChoices; readonly hooks: Hooks },
): Promise<number> {
  const [facts, release] = await Promise.all([kit.deployKit.facts(), kit.deployKit.candidate()]);
  printPlans(invocation.output, [
    lockPlan(),
    ...plansBefore(hooks),
    ...plansOf(facts, release, choices, invocation.layout),
    unlockPlan(),
  ]);
  return 0;
}

function resultOf(result: DeployResult, choices: DeployChoices, detailed: boolean): OperationResult {
  const url = `http://127.0.0.1:${choices.port}`;
  const data = { release: result.release.id, previous: result.previous, url, ...figuresOf(result.outputs) };
  if (!result.changed && result.outputs.observe !== undefined) {
    const summary = `release ${result.release.id}, which an interrupted deploy had made live on ${url}, was watched and is well`;
    return { exitCode: 0, summary, data };
  }
  if (!result.changed) {
    const summary = `release ${result.release.id} is already live on ${url}; nothing to do`;
    return { exitCode: detailed ? UNCHANGED_EXIT_CODE : 0, summary, data };
  }
  return { exitCode: 0, summary: summaryOf(result, url), data };
}

function summaryOf({ release, previous, outputs }: DeployResult, url: string): string {
  const figures = figuresOf(outputs);
  const drain = figures.drainMs === null ? '' : `, drain ${String(figures.drainMs)} ms`;
  const before = previous === null ? '' : ` (before: ${previous})`;
  return `release ${release.id} is live on ${url}${before}: ${String(figures.failedRequests)} failed requests of ${String(figures.requests)}, switch ${String(figures.switchMicroseconds)} µs${drain}`;
}

/** Undefined when it was not told. */
function bakeSecondsOf({ command }: Invocation): number | undefined {
  const text = textOption(command, 'bake');
  if (text === undefined) return undefined;
  return wholeNumber(text, {
    name: '--bake',
    min: 1,
    max: MAX_BAKE_SECONDS,
    example: DEFAULT_BAKE_MS / 1000,
  });
}

async function choicesOf(
  { command }: Invocation,
  kit: LocalKit,
  bakeSeconds: number | undefined,
): Promise<DeployChoices> {
  const facts = await kit.deployKit.facts();
  const port = wholeNumber(textOption(command, 'port') ?? String(facts.port ?? DEFAULT_PORT), {
    name: '--port',
    min: 1,
    max: 65_535,
    example: DEFAULT_PORT,
  });
  const bakeMs = bakeSeconds === undefined ? DEFAULT_BAKE_MS : bakeSeconds * 1000;
  return { purpose: 'deploy', port, bakeMs, keep: KEEP_RELEASES };
}

function wholeNumber(
  text: string,
  range: { readonly name: string; readonly min: number; readonly max: number; readonly example: number },
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw new OmpayError(
    'usage',
    `${range.name} must be a whole number from ${range.min} to ${range.max}, seen ${JSON.stringify(text)}`,
    {
      hint: `ompay deploy ${range.name} ${range.example}`,
    },
  );
}
