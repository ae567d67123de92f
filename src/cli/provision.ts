import type { Command } from 'commander';
import { environmentNamed, LOCAL, readProject } from '../config/yml/project.ts';
import { OmpayError } from '../core/errors.ts';
import { didYouMean } from '../core/nearest.ts';
import type { JsonObject } from '../plan/plan.ts';
import { GUARD_SECONDS, provisionPlans } from '../provision/plan.ts';
import { allChanges } from '../provision/provision.ts';
import { ROLES } from '../provision/roles/index.ts';
import { planDocument, shownPlan } from '../provision/shown.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { type ProvisionChoices, type Provisioner, withProvisioner } from './kit/provisioner.ts';
import { reportAfterwards } from './kit/report.ts';
import { type OperationResult, runOperation } from './operation.ts';

const WAIT_SECONDS = 60;
const MAX_SECONDS = 3600;

export function configure(command: Command): void {
  environmentOption(command)
    .option('--plan', 'look at the hosts and print what would be changed and run; change nothing')
    .option('--detect-drift', 'look at the hosts; exit 8 when one is not as declared')
    .option('--only <roles>', `these roles alone: ${ROLES.map(({ name }) => name).join(', ')}`)
    .option('--hosts <names>', 'these hosts alone')
    .option(
      '--guard <seconds>',
      'after a change of sshd or firewall, how long a host waits for its operator before it puts the old state back',
      String(GUARD_SECONDS),
    )
    .option('--wait <seconds>', 'how long another package manager is waited for', String(WAIT_SECONDS));
}

export async function run(invocation: Invocation): Promise<number> {
  const name = environmentName(invocation);
  const project = readProject(invocation.layout);
  if (name === LOCAL) {
    throw new OmpayError('usage', 'local is this machine, which needs no provisioning', {
      hint: `name an environment: ompay provision -e ${project.names[0] ?? 'NAME'}`,
    });
  }
  const config = environmentNamed(project, name);
  const choices = choicesOf(invocation);
  if (hasOption(invocation.command, 'plan') || hasOption(invocation.command, 'detectDrift'))
    return withProvisioner(invocation, { config, choices }, (provisioner) => look(invocation, provisioner));
  return runOperation(
    invocation,
    {
      command: 'provision',
      title: `Provision ${name}`,
      input: { environment: name, roles: choices.roles.map((role) => role.name), hosts: choices.hosts ?? [] },
      handlers: () => ({}),
      afterwards: reportAfterwards(invocation),
    },
    (operation) =>
      withProvisioner(invocation, { config, choices }, async (provisioner) =>
        resultOf(await provisioner.provision(operation)),
      ),
  );
}

/** `--plan` and `--detect-drift`: looks, prints, changes nothing. */
async function look({ command, output }: Invocation, provisioner: Provisioner): Promise<number> {
  const found = await provisioner.inspectAll();
  for (const { declared, changes } of found) {
    const shown = {
      declared,
      changes,
      plans: provisionPlans(changes, provisioner.choices.guardSeconds),
      contents: await provisioner.contentsFor(declared, changes),
    };
    output.write(output.json ? `${JSON.stringify(planDocument(shown))}\n` : shownPlan(shown));
  }
  const drifted = found.filter(({ changes }) => allChanges(changes).length > 0);
  if (!hasOption(command, 'detectDrift') || drifted.length === 0) return 0;
  throw new OmpayError('drift', `not as declared: ${drifted.map(({ changes }) => changes.host).join(', ')}`, {
    hint: `ompay provision -e ${textOption(command, 'environment') ?? ''} makes it so`,
  });
}

type Provisioned = Awaited<ReturnType<Provisioner['provision']>>;

function resultOf(outcomes: Provisioned): OperationResult {
  const words = outcomes.map(({ host, predicted, unpredicted }) =>
    predicted.length === 0
      ? `${host} as declared`
      : `${host} ${predicted.length + unpredicted.length} changes`,
  );
  const hosts: JsonObject = Object.fromEntries(
    outcomes.map(({ host, predicted, unpredicted }) => [host, { changed: predicted, unpredicted }]),
  );
  return { exitCode: 0, summary: words.join(', '), data: { hosts } };
}

function choicesOf({ command }: Invocation): ProvisionChoices {
  const names = listed(textOption(command, 'only'));
  return {
    roles: names === undefined ? ROLES : names.map(roleNamed),
    hosts: listed(textOption(command, 'hosts')),
    guardSeconds: seconds(command, 'guard'),
    waitSeconds: seconds(command, 'wait'),
  };
}

function listed(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function roleNamed(name: string) {
  const role = ROLES.find((each) => each.name === name);
  if (role !== undefined) return role;
  const names = ROLES.map((each) => each.name);
  throw new OmpayError('usage', `there is no role ${JSON.stringify(name)}${didYouMean(name, names)}`, {
    hint: `name some of ${names.join(', ')}: --only ${names[0] ?? ''}`,
  });
}

function seconds(command: Command, name: string): number {
  const text = textOption(command, name) ?? '';
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 5 && value <= MAX_SECONDS) return value;
  throw new OmpayError(
    'usage',
    `--${name} must be a whole number from 5 to ${MAX_SECONDS}, seen ${JSON.stringify(text)}`,
    {
      hint: `ompay provision --${name} ${GUARD_SECONDS}`,
    },
  );
}
