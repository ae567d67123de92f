import { createHash } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import type { Host } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { type Shell, sh } from '../../shell/line.ts';
import type { FileResource } from '../resource.ts';

/** Root's alone, as what is kept may be a secret; a folder a run, the last ten. */
const KEPT = '/var/lib/ompay/previous';
const RUNS_KEPT = 10;
const SHORT_MS = 20_000;

export interface FilesKit {
  /** Unique to this run: only what it kept itself is put back. */
  readonly run: string;
  /** The file of that path on that host: contents are no part of a plan. */
  readonly declared: (host: string, path: string) => FileResource;
}

export function fileHandlers({ run: runId, declared }: FilesKit): Handlers {
  const folder = `${KEPT}/${runId}`;
  return {
    'provision.write': async ({ path }, { host }) => {
      const file = declared(host.name, String(path));
      await keepPrevious(host, folder, file.path);
      await host.put(file.content, file.path, 0o600);
      const { owner, group, mode } = file;
      await run(
        host,
        sh`chown ${`${owner}:${group}`} ${file.path} && chmod ${mode.toString(8)} ${file.path}`,
        `write ${file.path}`,
      );
      await checked(host, folder, file);
      return {};
    },
    'provision.remove': async ({ path }, { host }) => {
      await keepPrevious(host, folder, String(path));
      await run(host, sh`rm -f -- ${String(path)}`, `remove ${String(path)}`);
      return {};
    },
    'provision.restore': async ({ path }, { host }): Promise<JsonObject> => {
      await restore(host, folder, String(path));
      return {};
    },
  };
}

/** A service that would not start with the new file never sees it. */
async function checked(host: Host, folder: string, { path, check }: FileResource): Promise<void> {
  if (check === undefined) return;
  const { exitCode, stdout, stderr } = await host.exec(check, { timeoutMs: SHORT_MS });
  if (exitCode === 0) return;
  await restore(host, folder, path);
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  throw new OmpayError('commandFailed', `${path} on ${host.name} is refused by \`${check.shown}\`: ${said}`, {
    hint: 'the file before it was put back; mend what it is made from',
  });
}

/** Marked as seen, whether it was there or not. A second time in the same run keeps what was there at the first. */
async function keepPrevious(host: Host, folder: string, path: string): Promise<void> {
  const kept = `${folder}/${nameOf(path)}`;
  const oldest = sh`ls -1 ${KEPT} | head -n -${RUNS_KEPT} | while read -r each; do rm -rf -- ${KEPT}/"$each"; done`;
  const copy = sh`if [ ! -e ${`${kept}.seen`} ]; then if [ -e ${path} ]; then cp -a -- ${path} ${kept}; fi && : >${`${kept}.seen`}; fi`;
  await run(host, sh`install -d -m 0700 ${KEPT} ${folder} && ${oldest} && ${copy}`, `keep ${path}`);
}

/** What was not there before is removed. Does nothing when this run did not come so far as to keep it. */
async function restore(host: Host, folder: string, path: string): Promise<void> {
  const kept = `${folder}/${nameOf(path)}`;
  const beside = `${path}.ompay-restore`;
  const back = sh`if [ -e ${kept} ]; then cp -a -- ${kept} ${beside} && mv -f -- ${beside} ${path}; else rm -f -- ${path}; fi`;
  await run(host, sh`if [ -e ${`${kept}.seen`} ]; then ${back}; fi`, `put ${path} back`);
}

function nameOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 32);
}

async function run(host: Host, line: Shell, title: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(line, { timeoutMs: SHORT_MS });
  if (exitCode === 0) return;
  throw new OmpayError(
    'commandFailed',
    `could not ${title} on ${host.name}: ${stderr.trim() || `exit ${exitCode}`}`,
    {
      hint: `run it by hand on ${host.name}: ${line.shown}`,
    },
  );
}
