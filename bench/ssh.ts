import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sshHost } from '../src/host/ssh.ts';
import { sh } from '../src/shell/line.ts';
import { type SshServer, startSshd } from '../tests/fixtures/sshd.ts';

/** What a connection and a command over SSH cost, beside OpenSSH's own client. Root; loopback; some 10 s. */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const runs = Math.min(1000, Math.max(1, Number(values.runs)));

async function medianMs(work: () => unknown): Promise<number> {
  const durationsMs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedMs = performance.now();
    await work();
    durationsMs.push(performance.now() - startedMs);
  }
  return durationsMs.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

async function measure(server: SshServer): Promise<readonly (readonly [string, number])[]> {
  const limit = { timeoutMs: 10_000 };
  const host = sshHost(server.target());
  await host.exec(sh`true`, limit);
  const file = join(server.folder, 'file');
  const bytes = Buffer.alloc(1_000_000);
  const control = join(server.folder, 'control');
  const ssh = [
    '-p',
    String(server.port),
    '-i',
    server.keyPath,
    '-o',
    `UserKnownHostsFile=${server.knownHostsPath}`,
  ];
  const openssh = (...more: readonly string[]): void => {
    execFileSync('ssh', [...ssh, ...more], { stdio: 'ignore' });
  };
  openssh('-M', '-S', control, '-f', '-N', 'root@127.0.0.1');
  try {
    return [
      ['connect and one command', await medianMs(() => connectOnce(server))],
      ['the same by ssh', await medianMs(() => openssh('root@127.0.0.1', 'true'))],
      ['command, read only', await medianMs(() => host.exec(sh`true`, { ...limit, readOnly: true }))],
      ['command, a change', await medianMs(() => host.exec(sh`true`, limit))],
      ['command by ssh -S', await medianMs(() => openssh('-S', control, 'root@127.0.0.1', 'true'))],
      ['put 1 MB', await medianMs(() => host.put(bytes, file, 0o600))],
      ['get 1 MB', await medianMs(() => host.get(file))],
    ];
  } finally {
    openssh('-S', control, '-O', 'exit', 'root@127.0.0.1');
    await host.close();
  }
}

async function connectOnce(server: SshServer): Promise<void> {
  const host = sshHost(server.target());
  await host.exec(sh`true`, { timeoutMs: 10_000, readOnly: true });
  await host.close();
}

const server = await startSshd();
try {
  process.stdout.write(`medians of ${runs}\n`);
  for (const [what, ms] of await measure(server))
    process.stdout.write(`${what.padEnd(26)} ${ms.toFixed(1)} ms\n`);
} finally {
  await server.stop();
}
