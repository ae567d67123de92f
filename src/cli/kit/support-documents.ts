import { closeSync, openSync, readdirSync } from 'node:fs';
import { arch, cpus, freemem, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { messageOf, systemCodeOf } from '../../core/errors.ts';
import { readFileTail } from '../../core/file-tail.ts';
import type { Host } from '../../host/host.ts';
import { journalFiles } from '../../plan/journal.ts';
import { reportsFolder } from '../../report/write.ts';
import { type Shell, sh } from '../../shell/line.ts';
import type { Document } from '../../support/bundle.ts';
import type { Invocation } from '../command.ts';
import { localKit } from './local.ts';
import { localConfig } from './local-config.ts';
import { type ShownValue, shownConfig } from './shown-config.ts';

const TAIL_BYTES = 512 * 1024;
const KEPT_REPORTS = 5;
const LINE_MS = 30_000;

/** Of this machine and this installation. A document that cannot be made says why instead. */
export async function localDocuments(invocation: Invocation): Promise<readonly Document[]> {
  const { layout } = invocation;
  const logs = namesIn(layout.logs).filter((name) => name.endsWith('.log'));
  const reports = namesIn(reportsFolder(layout))
    .filter((name) => name.endsWith('.json'))
    .slice(-KEPT_REPORTS);
  return Promise.all([
    made('versions.json', 'program, Node, system', () => json(versions(invocation))),
    made('config.txt', 'settings of this machine, secrets masked', () =>
      shownValues(localConfig(invocation)),
    ),
    made('facts.json', 'what is deployed here', async () =>
      json(await localKit(invocation).deployKit.facts()),
    ),
    made('services.json', 'what runs here', async () =>
      json((await localKit(invocation).services.states()) ?? []),
    ),
    made('journal.jsonl', 'the newest lines of the journal', () => tailOf(journalFiles(layout).lines)),
    ...logs.map((name) => made(`logs/${name}`, 'the end of this log', () => tailOf(join(layout.logs, name)))),
    ...reports.map((name) =>
      made(`reports/${name}`, 'the record of a run', () => tailOf(join(reportsFolder(layout), name))),
    ),
  ]);
}

/** Of an environment's settings, without its secrets' values. */
export function environmentDocument(config: EnvironmentConfig): Promise<Document> {
  return made(`${config.name}/config.txt`, 'settings of the environment, secrets masked', () =>
    shownValues(shownConfig(config, undefined)),
  );
}

/** What is asked of each host; every line reads alone, and ends by itself. */
const HOST_LINES: readonly (readonly [name: string, about: string, line: Shell])[] = [
  [
    'system.txt',
    'system, clock, memory, disks, load',
    sh`cat /etc/os-release; uname -a; date -u --iso-8601=ns; uptime; free -m; df -h; df -i`,
  ],
  [
    'units.txt',
    'states of units',
    sh`systemctl --no-pager --failed; systemctl --no-pager list-units --all 'ompay-*' nginx.service haproxy.service mysql.service mariadb.service 'postgresql*' 'redis*' 'prometheus-*'; systemctl --no-pager list-timers --all`,
  ],
  [
    'slots.txt',
    'slots, releases, links',
    sh`ls -la /opt/ompay/slots /opt/ompay/releases /opt/ompay/agents /run/ompay /var/lib/ompay; cat /var/lib/ompay/accepted.json`,
  ],
  ['network.txt', 'addresses, listeners, firewall', sh`ip -brief address; ss -ltn; ufw status verbose`],
  [
    'journal.txt',
    'the journal of our units',
    sh`journalctl --no-pager --lines=2000 --unit='ompay-*' --unit=nginx --unit=haproxy --unit=ssh`,
  ],
  [
    'nginx.txt',
    'the end of nginx’s logs',
    sh`tail -n 2000 /var/log/nginx/ompay.log /var/log/nginx/ompay-error.log`,
  ],
  [
    'api.txt',
    'the end of the API’s logs',
    sh`cd /var/log/ompay && tail -n 2000 $(ls -1t api-*.log | head -n 2)`,
  ],
  [
    'packages.txt',
    'versions of what matters',
    sh`dpkg-query --show nginx haproxy 'mysql-server*' mariadb-server 'postgresql-1*' redis-server openssh-server systemd linux-image-'*' 2>/dev/null || rpm -qa nginx haproxy mysql-server mariadb-server postgresql-server redis openssh-server systemd`,
  ],
];

/** Of one host; one that is away says so in its only document. */
export async function hostDocuments(
  environment: string,
  host: Host,
  signal: AbortSignal,
): Promise<readonly Document[]> {
  const documents: Document[] = [];
  for (const [name, about, line] of HOST_LINES) {
    documents.push(
      await made(`${environment}/${host.name}/${name}`, about, async () => {
        const limits = { timeoutMs: LINE_MS, readOnly: true, signal };
        const { stdout, stderr } = await host.exec(sh`{ ${line}; } 2>&1 | tail -c ${TAIL_BYTES}`, limits);
        return `${stdout}\n${stderr}`;
      }),
    );
    if (documents.at(-1)?.text.startsWith(NOT_MADE) === true) break;
  }
  return documents;
}

const NOT_MADE = 'This could not be collected: ';

async function made(path: string, about: string, make: () => string | Promise<string>): Promise<Document> {
  try {
    return { path, about, text: await make() };
  } catch (error) {
    return { path, about, text: `${NOT_MADE}${messageOf(error)}\n` };
  }
}

function versions({ version }: Invocation): object {
  return {
    ompay: version,
    node: process.versions,
    system: { platform: platform(), release: release(), arch: arch(), processors: cpus().length },
    memory: { totalBytes: totalmem(), freeBytes: freemem(), load: loadavg() },
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function shownValues(values: readonly ShownValue[]): string {
  return values.map(({ key, value, origin }) => `${key}\t${value}\t${origin}\n`).join('');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function tailOf(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    const { text, isAll } = readFileTail(descriptor, TAIL_BYTES);
    return isAll ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(descriptor);
  }
}
