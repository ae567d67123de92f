import { createHash } from 'node:crypto';
import type { Host } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { contentOf } from '../kinds/file.ts';
import { octal } from '../kinds/ownership.ts';
import type { FileResource } from '../resource.ts';
import { runOn } from './run.ts';

/** Root's alone, as what is kept may be a secret; a folder a run, the last ten. */
const KEPT = '/var/lib/ompay/previous';
const RUNS_KEPT = 10;
const SHORT_MS = 30_000;

export interface FilesKit {
  /** Unique to this run: only what it kept itself is put back. */
  readonly run: string;
  /** The file of that path on that host: contents are no part of a plan. */
  readonly declared: (host: string, path: string) => FileResource;
}

export function fileHandlers({ run, declared }: FilesKit): Handlers {
  const folder = `${KEPT}/${run}`;
  return {
    'provision.write': async ({ path }, { host, signal }) => {
      const file = declared(host.name, String(path));
      await work(host, sh`${keepLine(folder, file.path)}\n${writeLine(folder, file)}`, {
        title: `write ${file.path}`,
        stdin: contentOf(file),
        signal,
      });
      return {};
    },
    'provision.remove': async ({ path }, { host, signal }) => {
      const line = sh`${keepLine(folder, String(path))}\nrm -f -- ${String(path)}`;
      await work(host, line, { title: `remove ${String(path)}`, signal });
      return {};
    },
    'provision.restore': async ({ path }, { host }) => {
      await work(host, restoreLine(folder, String(path)), { title: `put ${String(path)} back` });
      return {};
    },
  };
}

async function work(
  host: Host,
  line: Shell,
  options: { readonly title: string; readonly stdin?: string; readonly signal?: AbortSignal },
): Promise<void> {
  const hint = `mend what it is made from or what ${host.name} lacks, and provision again; what was there before lies there again`;
  await runOn(host, line, { timeoutMs: SHORT_MS, hint, ...options });
}

/** Replaced at once, with its owner and mode. A service that would not start with the new file never sees it. */
function writeLine(folder: string, file: FileResource): Shell {
  const { path, owner, group, mode, check } = file;
  const part = `${path}.ompay-part`;
  const write = sh`(umask 077 && cat >${part}) && chown -- ${`${owner}:${group}`} ${part} && chmod ${octal(mode)} ${part} && sync -- ${part} && mv -fT -- ${part} ${path}`;
  const written = sh`{ ${write}; } || { rm -f -- ${part}; exit 1; }`;
  if (check === undefined) return written;
  return sh`${written}\n( ${check} ) >&2 || { ${restoreLine(folder, path)}; echo ${`refused by: ${check.shown}`} >&2; exit 1; }`;
}

/** Marked as seen, whether it was there or not. A second time in the same run keeps what was there at the first. */
function keepLine(folder: string, path: string): Shell {
  const kept = `${folder}/${nameOf(path)}`;
  return sh`set -e
if [ ! -d ${folder} ]; then
  install -d -m 0700 ${KEPT}
  ls -1 ${KEPT} | head -n -${RUNS_KEPT} | while read -r each; do rm -rf -- ${KEPT}/"$each"; done
  install -d -m 0700 ${folder}
fi
if [ ! -e ${`${kept}.seen`} ]; then
  if [ -e ${path} ] || [ -L ${path} ]; then cp -aT -- ${path} ${kept}; fi
  : >${`${kept}.seen`}
fi
set +e`;
}

/** What was not there before is removed. Does nothing when this run did not come so far as to keep it. */
function restoreLine(folder: string, path: string): Shell {
  const kept = `${folder}/${nameOf(path)}`;
  const beside = `${path}.ompay-restore`;
  const hasKept = sh`[ -e ${kept} ] || [ -L ${kept} ]`;
  const back = sh`if ${hasKept}; then cp -aT -- ${kept} ${beside} && mv -fT -- ${beside} ${path}; else rm -f -- ${path}; fi`;
  return sh`if [ -e ${`${kept}.seen`} ]; then ${back}; fi`;
}

function nameOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 32);
}
