import { type LabFiles, labNames } from './names.ts';
import { LAB_USER } from './seed.ts';
import { distributionsOf, type Lab, type LabHost } from './types.ts';

/** What the other commands read of a lab. Every value is written as JSON, which is YAML too (yaml.org, 1.2, 10.2). */

const ROLES = ['lb', 'web', 'db', 'redis', 'backup'] as const;

/** `web2` has the role web. A name that tells no role is a web host. */
export function roleOf(host: LabHost): (typeof ROLES)[number] {
  const word = host.name.replace(/[-0-9]*$/, '');
  return ROLES.find((role) => role === word) ?? 'web';
}

/** The environment `lab`, in the form of an environment of ompay.yml. */
export function environmentText(lab: Lab, files: LabFiles): string {
  const hosts = lab.hosts.flatMap((host) => [
    `      ${host.name}:`,
    `        address: ${JSON.stringify(host.address)}`,
    `        port: 22`,
    `        user: ${JSON.stringify(LAB_USER)}`,
    `        key: ${JSON.stringify(files.key)}`,
    `        roles: [${roleOf(host)}]`,
  ]);
  return [
    `# The hosts of \`ompay lab up\`, ${labNames(lab.id).prefix}, of ${distributionsOf(lab).join(', ')}. Written anew by each up; gone with down.`,
    'environments:',
    '  lab:',
    `    known_hosts: ${JSON.stringify(files.knownHosts)}`,
    '    hosts:',
    ...hosts,
    '',
  ].join('\n');
}

/** sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". The keys were made here, so no first contact has to be trusted. */
export function knownHostsText(lab: Lab, hostKeys: Readonly<Record<string, string>>): string {
  return lab.hosts
    .map(
      ({ name, address }) =>
        `${name},${address} ${(hostKeys[name] ?? '').split(' ').slice(0, 2).join(' ')}\n`,
    )
    .join('');
}

/** For people: `ssh -F .ompay/lab/ssh_config web1`. */
export function sshConfigText(lab: Lab, files: LabFiles): string {
  const hosts = lab.hosts.flatMap(({ name, address }) => [`Host ${name}`, `  HostName ${address}`]);
  return [
    ...hosts,
    'Host *',
    `  User ${LAB_USER}`,
    `  IdentityFile ${JSON.stringify(files.key)}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${JSON.stringify(files.knownHosts)}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  ConnectTimeout 10',
    '',
  ].join('\n');
}
