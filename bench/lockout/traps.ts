import type { HostInput } from '../../src/provision/input.ts';
import type { Resource } from '../../src/provision/resource.ts';
import type { Role } from '../../src/provision/role.ts';
import { firewallRole } from '../../src/provision/roles/firewall.ts';
import { sshRole } from '../../src/provision/roles/ssh.ts';
import { type Shell, sh } from '../../src/shell/line.ts';

/** Changes of sshd and of the firewall that shut everybody out: each a role that a mistake could have made of ours. */
export const TRAPS: Readonly<Record<string, Role<HostInput>>> = {
  'sshd denies the operator': sshd('DenyUsers *'),
  'sshd lets another alone in': sshd('AllowUsers nobody-else'),
  'sshd takes no keys': sshd('PubkeyAuthentication no'),
  'sshd looks for keys elsewhere': sshd('AuthorizedKeysFile /nowhere/keys'),
  'sshd wants a password too': sshd('AuthenticationMethods publickey,password'),
  'sshd lets no line run': sshd('ForceCommand /bin/false'),
  'sshd gives no session': sshd('MaxSessions 0'),
  'sshd listens for itself alone': sshdBy(sh`systemctl restart ssh.service`, 'ListenAddress 127.0.0.1'),
  'sshd listens elsewhere': sshdBy(sh`systemctl restart ssh.service`, 'Port 2222'),
  'sshd is stopped': sshdBy(sh`systemctl stop ssh.service`),
  'sshd has lost its keys': sshdBy(sh`rm -f /etc/ssh/ssh_host_*; systemctl restart ssh.service; true`),
  'sshd has other keys': sshdBy(
    sh`rm -f /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null; systemctl restart ssh.service`,
  ),
  'sshd cannot read its file': sshdBy(
    sh`echo 'NoSuchWord yes' >>/etc/ssh/sshd_config; systemctl restart ssh.service; true`,
  ),
  'the firewall knows another network': firewall(['192.0.2.0/24']),
  'the firewall knows nobody': firewall([]),
  'a rule drops ssh': firewallBy(sh`iptables -I INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP`),
  'a rule drops all, connections too': firewallBy(sh`iptables -I INPUT -i eth0 -j DROP`),
  'no answer goes out': firewallBy(sh`iptables -I OUTPUT -o eth0 -p tcp --sport 22 -j DROP`),
  'the chains are emptied': firewallBy(sh`iptables -P INPUT DROP && iptables -F`),
};

/** The first value counts, so the trap goes before all others. */
function sshd(line: string): Role<HostInput> {
  return { ...sshRole, resources: (input, family) => sshRole.resources(input, family).map(begunWith(line)) };
}

function begunWith(line: string): (resource: Resource) => Resource {
  return (resource) =>
    resource.kind === 'file' && resource.path.includes('sshd_config') && typeof resource.content === 'string'
      ? { ...resource, content: `${line}\n${resource.content}` }
      : resource;
}

function sshdBy(line: Shell, words?: string): Role<HostInput> {
  const role = words === undefined ? sshRole : sshd(words);
  return { ...role, resources: (input, family) => [...role.resources(input, family), sprung(line)] };
}

function firewall(from: readonly string[]): Role<HostInput> {
  return {
    ...firewallRole,
    resources: (input, family) => firewallRole.resources({ ...input, ssh: { ...input.ssh, from } }, family),
  };
}

function firewallBy(line: Shell): Role<HostInput> {
  return {
    ...firewallRole,
    resources: (input, family) => [...firewallRole.resources(input, family), sprung(line)],
  };
}

function sprung(apply: Shell): Resource {
  return { kind: 'setting', name: 'a mistake', holds: sh`false`, apply, timeoutMs: 10_000 };
}
