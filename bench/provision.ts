import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentNamed, readProject } from '../src/config/yml/project.ts';
import { localLayout } from '../src/core/layout.ts';

/**
 * A second `ompay provision` of a lab's hosts, which are as declared: whole process, facts really read again. Beside it
 * Debian's Ansible (`ansible-playbook`, when it is installed) with as many checks of the same kinds on the same hosts.
 */
const { values } = parseArgs({
  options: {
    lab: { type: 'string' },
    hosts: { type: 'string' },
    runs: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '38' },
  },
});
const root = resolve(values.lab ?? '.');
const PROGRAM = resolve(import.meta.dirname, '../bin/ompay');
const config = environmentNamed(readProject(localLayout(root)), 'lab');
const hosts = config.hosts.filter(
  ({ name }) => values.hosts === undefined || values.hosts.split(',').includes(name),
);
const names = hosts.map(({ name }) => name);

interface Seen {
  readonly seconds: number;
  readonly output: string;
}

function timed(file: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env): Seen {
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', timeout: 600_000, env });
  if (status !== 0) throw new Error(`${file} exited ${status}: ${stdout.slice(-500)}${stderr.slice(-1000)}`);
  return { seconds: (performance.now() - startedMs) / 1000, output: stdout };
}

function median(runs: readonly Seen[]): string {
  const seconds = runs.map((run) => run.seconds).toSorted((a, b) => a - b);
  return `${(seconds[Math.floor(seconds.length / 2)] ?? 0).toFixed(2)} s (${seconds.map((each) => each.toFixed(2)).join(', ')})`;
}

const count = Math.max(1, Number(values.runs));
const ours = Array.from({ length: count }, () =>
  timed(PROGRAM, ['-C', root, 'provision', '-e', 'lab', '--hosts', names.join(',')]),
);
const changed = ours.filter(
  ({ output }) => !output.includes(names.map((name) => `${name} as declared`).join(', ')),
);
process.stdout.write(
  `ompay provision, ${names.length} hosts: ${median(ours)}; runs with changes: ${changed.length} of ${count}\n`,
);

/** Files, folders, packages, services and users that are there on every host, so that nothing is changed. */
function playbook(tasks: number): string {
  const kinds = [
    (index: number) =>
      `    - ansible.builtin.file: { path: /etc/ompay, state: directory, mode: "0755" }  # ${index}`,
    (index: number) =>
      `    - ansible.builtin.stat: { path: /etc/ssh/sshd_config.d/10-ompay.conf, checksum_algorithm: sha256 }  # ${index}`,
    (index: number) => `    - ansible.builtin.apt: { name: curl, state: present }  # ${index}`,
    (index: number) =>
      `    - ansible.builtin.systemd: { name: fail2ban, enabled: true, state: started }  # ${index}`,
    (index: number) => `    - ansible.builtin.user: { name: debian }  # ${index}`,
  ];
  const lines = Array.from({ length: tasks }, (_, index) => kinds[index % kinds.length]?.(index) ?? '');
  return `- hosts: all\n  become: true\n  tasks:\n${lines.join('\n')}\n`;
}

function ansible(folder: string): readonly Seen[] {
  writeFileSync(join(folder, 'hosts'), hosts.map(({ name }) => `${name}\n`).join(''));
  writeFileSync(join(folder, 'play.yml'), playbook(Number(values.tasks)));
  const ssh = `-F ${join(root, '.ompay/lab/ssh_config')} -o ControlMaster=auto -o ControlPersist=60s`;
  const env = { ...process.env, ANSIBLE_SSH_ARGS: ssh, ANSIBLE_PIPELINING: '1', ANSIBLE_FORKS: '5' };
  const words = ['-i', join(folder, 'hosts'), join(folder, 'play.yml')];
  return Array.from({ length: count }, () => timed('ansible-playbook', words, env));
}

if (existsSync('/usr/bin/ansible-playbook')) {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-ansible-'));
  try {
    process.stdout.write(
      `ansible-playbook, ${values.tasks} tasks, ${names.length} hosts: ${median(ansible(folder))}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else process.stdout.write('ansible-playbook is not installed: apt-get install ansible-core\n');
