import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { phase } from '../../deploy/deploy.ts';
import type { Host } from '../../host/host.ts';
import { localHost } from '../../host/local.ts';
import { freeSubnet, labHosts } from '../../lab/addresses.ts';
import { aptSources, assertMachine, chosenSubnets, labFacts, usedSubnets } from '../../lab/facts.ts';
import { labHandlers } from '../../lab/handlers.ts';
import { diskKind } from '../../lab/machines.ts';
import { mirrorsFor } from '../../lab/mirrors.ts';
import { labFiles, labId } from '../../lab/names.ts';
import { upPlan } from '../../lab/plan.ts';
import { distributionIn, readRecord } from '../../lab/record.ts';
import { DISTRIBUTIONS, distributionsOf, type Lab } from '../../lab/types.ts';
import { readWantedHosts, shownHosts } from '../../lab/wanted.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { owningLab } from '../kit/lab.ts';
import { printPlans } from '../kit/plans.ts';
import { runOperation } from '../operation.ts';

const DEFAULT_HOSTS = 'lb,web1,web2,db1,redis1';
const DEFAULT_DISTRIBUTION = 'bookworm';

export function configure(command: Command): void {
  command
    .option(
      '--hosts <names>',
      `the hosts, by name and so by role, as in lb,web1,db1=sid (default: ${DEFAULT_HOSTS})`,
    )
    .option(
      '--distribution <name>',
      `of hosts that name none: ${DISTRIBUTIONS.join(', ')} (default: ${DEFAULT_DISTRIBUTION})`,
    )
    .option('--mirror <url>', "Debian's archive (default: that of this machine's apt sources)")
    .option('--plan', 'print exactly what would run, and run nothing');
}

/** Makes the lab, or starts again what of it does not run. Needs root. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, layout, output } = invocation;
  const machine = localHost();
  await assertMachine(machine);
  if (hasOption(command, 'plan')) {
    printPlans(output, [(await planned(invocation, machine)).plan]);
    return 0;
  }
  return owningLab(layout, async () => {
    const { lab, plan } = await planned(invocation, machine);
    const request = {
      command: 'lab up',
      title: 'Lab up',
      input: { hosts: lab.hosts.map(({ name, distribution }) => ({ name, distribution })) },
      handlers: () => labHandlers(layout, lab),
    };
    return runOperation(invocation, request, async (operation) => {
      await phase(operation, plan);
      const { environment, sshConfig } = labFiles(layout);
      const hosts = lab.hosts.map(({ name, address }) => `${name} ${address}`).join(', ');
      return {
        exitCode: 0,
        summary: `${hosts}; log in: ssh -F ${sshConfig} ${lab.hosts[0]?.name ?? ''}`,
        data: { environment, sshConfig, hosts: lab.hosts.map(({ name, address }) => ({ name, address })) },
      };
    });
  });
}

async function planned(invocation: Invocation, machine: Host) {
  const { layout } = invocation;
  const known = readRecord(labFiles(layout));
  const lab = known === undefined ? await newLab(invocation, machine) : sameLab(known, invocation);
  const facts = labFacts(layout, lab);
  return { lab, plan: upPlan(lab, facts) };
}

async function newLab({ command, layout }: Invocation, machine: Host): Promise<Lab> {
  assertPath(layout);
  const distribution = distributionIn(textOption(command, 'distribution') ?? DEFAULT_DISTRIBUTION);
  const wanted = readWantedHosts(textOption(command, 'hosts') ?? DEFAULT_HOSTS, distribution);
  const id = labId(layout);
  const subnet = freeSubnet(id, new Set([...(await usedSubnets(machine)), ...chosenSubnets()]));
  const hosts = labHosts(subnet, wanted);
  return {
    id,
    distribution,
    subnet,
    disks: await diskKind(machine),
    mirrors: mirrorsFor(distributionsOf({ hosts }), aptSources(), textOption(command, 'mirror')),
    hosts,
  };
}

/** The paths in the environment are read as ompay.yml's are, which hold no spaces. */
function assertPath({ state }: Layout): void {
  if (!/\s/.test(state)) return;
  throw new OmpayError(
    'stateUnusable',
    `the path ${JSON.stringify(state)} has a space, which a lab cannot bear`,
    {
      hint: 'use a folder without: ompay -C FOLDER lab up',
    },
  );
}

/** A lab does not change while it lives: its hosts know each other by name since they were made. */
function sameLab(known: Lab, { command }: Invocation): Lab {
  const made = shownHosts(known.hosts, known.distribution);
  const distribution = distributionIn(textOption(command, 'distribution') ?? known.distribution);
  const typed = textOption(command, 'hosts');
  const isSame =
    typed === undefined || shownHosts(readWantedHosts(typed, distribution), known.distribution) === made;
  if (isSame && distribution === known.distribution) return known;
  throw new OmpayError('alreadyExists', `this lab is made of ${made} on ${known.distribution}`, {
    hint: 'end it first: ompay lab down',
  });
}
