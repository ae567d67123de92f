import { OmpayError } from '../../core/errors.ts';
import { SERVER } from '../../core/server-layout.ts';
import type { Host, HostName } from '../../host/host.ts';
import type { Plan, Step } from '../../plan/plan.ts';
import { type Shell, sh } from '../../shell/line.ts';

/** What users read, in both languages; nginx gives it out. */
export interface Notice {
  readonly fr: string;
  readonly en: string;
}

/** A link while it is on, to a folder with the answer in each language: one rename turns it on, another off. */
const LINK = SERVER.maintenance;
/** Served by nginx where provisioning put it: without it the link would change nothing. */
const SITE = '/etc/nginx/ompay-maintenance.conf';
const STEP_MS = 20_000;
const LOOK_MS = 15_000;

const NOTICE: Notice = {
  fr: 'OMPAY est en maintenance. Réessayez dans quelques minutes, avec la même clé d’idempotence.',
  en: 'OMPAY is under maintenance. Try again in a few minutes, with the same idempotency key.',
};

/** What the operator said goes before the usual words, in either language. */
export function noticeOf(message: string | undefined): Notice {
  if (message === undefined) return NOTICE;
  return { fr: `${message} ${NOTICE.fr}`, en: `${message} ${NOTICE.en}` };
}

/** The API's own shape of errors (docs/api.md). nginx fills in the request's id (ngx_http_ssi_module). */
export function answerOf(message: string): string {
  const { request_id: _id, ...said } = {
    success: false,
    message,
    error_code: 5002,
    code: 'maintenance',
    request_id: '',
  };
  const id = '<!--# echo var="ompay_request_id" -->';
  return `${JSON.stringify(said).slice(0, -1)},"request_id":"${id}"}\n`;
}

/** On all web hosts or on none: first everything is put beside, then one rename on each, all at once. */
export function maintenanceOnPlan(names: readonly HostName[], notice: Notice, run: string): Plan {
  const folder = `${LINK}-${run}`;
  return {
    name: 'maintenance-on',
    title: `Maintenance on ${names.join(', ')}`,
    stages: [
      { title: 'Prepare', steps: names.map((host) => prepareStep(host, folder, notice)) },
      {
        title: 'Switch',
        steps: names.map((host) =>
          step(host, 'switch', 'answer 503', sh`mv -T ${`${folder}.link`} ${LINK}`, goBack(folder)),
        ),
      },
    ],
  };
}

function prepareStep(host: HostName, folder: string, { fr, en }: Notice): Step {
  const check = sh`[ -e ${SITE} ] || { echo "nginx of this host knows no maintenance: ompay provision" >&2; exit 1; }`;
  const write = sh`umask 022 && mkdir -p ${folder} && printf %s ${answerOf(fr)} >${folder}/fr.json && printf %s ${answerOf(en)} >${folder}/en.json`;
  const before = sh`{ readlink ${LINK} >${folder}/before || true; } && ln -sfn ${folder} ${`${folder}.link`}`;
  const undo = sh`rm -rf ${folder} ${`${folder}.link`}`;
  return step(host, 'prepare', 'write what users will read', sh`${check}; ${write} && ${before}`, undo);
}

/** What was there before is put back by a rename as well; where this step did nothing, so does this. */
function goBack(folder: string): Shell {
  const before = sh`before=$(cat ${folder}/before 2>/dev/null)`;
  const back = sh`ln -sfn "$before" ${`${folder}.back`} && mv -T ${`${folder}.back`} ${LINK}`;
  return sh`[ "$(readlink ${LINK})" = ${folder} ] || exit 0; ${before}; if [ -n "$before" ]; then ${back}; else rm -f ${LINK}; fi`;
}

export function maintenanceOffPlan(names: readonly HostName[], run: string): Plan {
  const aside = `${LINK}-${run}.off`;
  return {
    name: 'maintenance-off',
    title: `Serve again on ${names.join(', ')}`,
    stages: [
      {
        title: 'Switch',
        steps: names.map((host) =>
          step(
            host,
            'switch',
            'serve again',
            sh`[ ! -L ${LINK} ] || mv -T ${LINK} ${aside}`,
            sh`[ ! -L ${aside} ] || mv -T ${aside} ${LINK}`,
          ),
        ),
      },
    ],
  };
}

/** Removes the answers of former times; what counts is not touched. */
export function maintenanceTidyPlan(names: readonly HostName[]): Plan {
  const others = sh`find ${SERVER.state} -mindepth 1 -maxdepth 1 -name 'maintenance-*' ! -path "$(readlink ${LINK})"`;
  const steps = names.map((host) =>
    step(host, 'tidy', 'remove former answers', sh`${others} -exec rm -rf {} +`),
  );
  return { name: 'maintenance-tidy', title: 'Tidy', stages: [{ title: 'Tidy', steps }] };
}

function step(on: HostName, id: string, title: string, line: Shell, undo?: Shell): Step {
  const exec = (each: Shell) => ({ kind: 'exec', line: each, timeoutMs: STEP_MS }) as const;
  return {
    id: `${id}-${on}`,
    title: `${on}: ${title}`,
    on,
    action: exec(line),
    ...(undo === undefined ? {} : { undo: exec(undo) }),
  };
}

/** What a web host would answer: the French notice's answer, or null when it serves. */
export async function maintenanceOn(host: Host, signal: AbortSignal): Promise<string | null> {
  const line = sh`if [ -L ${LINK} ]; then cat ${LINK}/fr.json; else echo serves; fi`;
  const { exitCode, stdout, stderr } = await host.exec(line, { timeoutMs: LOOK_MS, readOnly: true, signal });
  if (exitCode === 0) return stdout === 'serves' ? null : stdout;
  throw new OmpayError(
    'commandFailed',
    `${host.name} does not tell whether it is in maintenance: ${stderr}`,
    {
      hint: `look at it: ls -l ${LINK} on ${host.name}`,
    },
  );
}
