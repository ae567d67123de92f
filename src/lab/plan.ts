import { type Action, call, type Plan, type Stage, type Step } from '../plan/plan.ts';
import type { Shell } from '../shell/line.ts';
import { gatewayOf } from './addresses.ts';
import { baseFolder, makeBaseLine } from './base.ts';
import type { LabFacts } from './facts.ts';
import { bootLine, inLab } from './machines.ts';
import { bridgeLine, cableLine } from './network.ts';
import { relayLine, relaysOf } from './relays.ts';
import type { Distribution, Lab, LabHost } from './types.ts';

/** A lab as plans. Pure: `--plan` prints these. */

const SECONDS = 1000;
/** 44 s were seen on a quiet machine, 500 s on a busy one. */
const BASE_SECONDS = 900;
const BASE_HINT = 'about a minute, up to ten on a busy machine';
/** 1 to 3 s were seen alone; fifty that boot at once share the processors. */
const SSH_LIMIT_MS = 120 * SECONDS;

/** What is missing of the lab. A lab that was never whole is taken away again when a step fails. */
export function upPlan(lab: Lab, facts: LabFacts): Plan {
  const missing = lab.hosts.filter(({ name }) => !facts.running.has(name));
  const stages = [
    stage(
      'Image',
      facts.missingBases.map((distribution) => baseStep(lab, distribution)),
    ),
    stage('Lab', [
      ...(facts.orphans.length > 0 ? [sweepStep(facts.orphans)] : []),
      keepStep(!facts.isDescribed),
      step('keys', 'make the keys', call('lab.keys', {}, 120 * SECONDS)),
    ]),
    stage('Network', networkSteps(lab, facts)),
    stage(
      'Hosts',
      missing.flatMap((host) => hostSteps(lab, facts, host)),
    ),
    stage('Answers', [...missing.map(sshStep), describeStep()]),
  ];
  return { name: 'lab-up', title: `Lab of ${lab.hosts.length} hosts`, stages };
}

export function downPlan(): Plan {
  const remove = step('remove', 'end the hosts and remove all that has the names of the lab', removeAction());
  return { name: 'lab-down', title: 'End the lab', stages: [stage('End', [remove])] };
}

function stage(title: string, steps: readonly Step[]): Stage {
  return { title, steps };
}

function step(id: string, title: string, action: Action): Step {
  return { id, title, on: 'local', action };
}

function exec(line: Shell, timeoutMs: number): Action {
  return { kind: 'exec', line, timeoutMs };
}

function removeAction(): Action {
  return call('lab.remove', {}, 180 * SECONDS);
}

function baseStep({ mirrors }: Lab, distribution: Distribution): Step {
  const base = baseFolder(distribution);
  const line = makeBaseLine({ distribution, mirror: mirrors.main, waitSeconds: BASE_SECONDS, base });
  return step(
    `base-${distribution}`,
    `make the image of ${distribution} once (${BASE_HINT})`,
    exec(line, 2 * BASE_SECONDS * SECONDS),
  );
}

function keepStep(isNew: boolean): Step {
  const keep = step('keep', 'write down what the lab is', call('lab.keep', {}, 30 * SECONDS));
  return isNew ? { ...keep, undo: removeAction() } : keep;
}

function sweepStep(orphans: readonly string[]): Step {
  return step(
    'sweep',
    `remove what labs of installations that are gone left: ${orphans.join(', ')}`,
    call('lab.sweep', {}, 300 * SECONDS),
  );
}

function networkSteps(lab: Lab, { cgroups }: LabFacts): readonly Step[] {
  const bridge = exec(inLab(lab, cgroups, bridgeLine(lab)), 20 * SECONDS);
  const relays = relaysOf(lab).map((relay, index) =>
    step(
      `relay-${index + 1}`,
      `let the hosts reach ${relay.host}:${relay.port}, for packages`,
      exec(relayLine(lab, relay, cgroups), 20 * SECONDS),
    ),
  );
  return [step('bridge', `the bridge, ${gatewayOf(lab.subnet)}`, bridge), ...relays];
}

function hostSteps(lab: Lab, { cgroups }: LabFacts, host: LabHost): readonly Step[] {
  const input = { host: host.name };
  return [
    step(
      `cable-${host.name}`,
      `${host.name}: its network, ${host.address}`,
      exec(inLab(lab, cgroups, cableLine(lab, host)), 20 * SECONDS),
    ),
    step(`disk-${host.name}`, `${host.name}: its disk`, call('lab.disk', input, 320 * SECONDS)),
    step(`boot-${host.name}`, `${host.name}: boot`, exec(bootLine(lab, host, cgroups), 20 * SECONDS)),
  ];
}

function sshStep({ name }: LabHost): Step {
  const wait = call('lab.ssh', { host: name, limitMs: SSH_LIMIT_MS }, SSH_LIMIT_MS + 20 * SECONDS);
  return step(`ssh-${name}`, `${name}: sshd answers`, wait);
}

function describeStep(): Step {
  return step('describe', 'write the environment `lab`', call('lab.describe', {}, 20 * SECONDS));
}
