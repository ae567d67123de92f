import { posix } from 'node:path';
import type { SourceFile } from './source.ts';
import type { Violation } from './violation.ts';

const HOST_AND_BELOW = ['host', 'shell', 'core'];
const BELOW_A_DOMAIN = ['plan', 'engine', 'store', 'config', ...HOST_AND_BELOW];
const DOMAINS = [
  'deploy',
  'backup',
  'restore',
  'check',
  'lab',
  'secrets',
  'provision',
  'agent',
  'hooks',
  'support',
  'schedule',
];

/** What each folder of src may import beside itself. A folder that is not here may import nothing. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  shell: ['core'],
  config: ['core'],
  host: ['shell', 'core'],
  plan: HOST_AND_BELOW,
  engine: HOST_AND_BELOW,
  store: HOST_AND_BELOW,
  front: ['config', 'core'],
  api: ['config', 'core'],
  contract: ['api', 'config', 'core'],
  ...Object.fromEntries(DOMAINS.map((domain) => [domain, BELOW_A_DOMAIN])),
  report: ['plan', 'core'],
  notify: ['config', 'core'],
  cli: [...DOMAINS, 'api', 'report', 'notify', ...BELOW_A_DOMAIN],
  'main.ts': ['cli', 'config', 'core'],
};

/** How deploys and commands talk to the processes of src/front: its clients, never its insides. */
const FRONT_CLIENTS = ['front-client.ts', 'start.ts', 'supervisor-client.ts'].map(
  (name) => `src/front/${name}`,
);
const FRONT_CLIENT_USERS = ['deploy', 'cli'];

export function importsGoOneWay(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    file.imports.flatMap(({ specifier, line }) => {
      const target = targetOf(file.path, specifier);
      if (target === undefined || mayImport(file.path, target)) return [];
      return [{ path: file.path, line, what: `imports ${target}, which ${folderOf(file.path)} may not` }];
    }),
  );
}

function mayImport(path: string, target: string): boolean {
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to || (ALLOWED[from] ?? []).includes(to)) return true;
  return FRONT_CLIENT_USERS.includes(from) && FRONT_CLIENTS.includes(target);
}

/** `plan` of src/plan/run.ts; the file's own name right under src. */
export function folderOf(path: string): string {
  return path.split('/')[1] ?? path;
}

/** The repository path of a relative import; undefined for a package. */
export function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
}
