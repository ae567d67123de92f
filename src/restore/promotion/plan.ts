import { dirname, join } from 'node:path';
import { type Action, call, type Plan, type Step } from '../../plan/plan.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { type Promotion, promotionText } from './promotion.ts';

const MINUTE_MS = 60_000;
const FILES_MS = 2 * MINUTE_MS;
/** systemd's own limits of MySQL's unit are 10 minutes: its error is the one that is told. */
const UNIT_MS = 15 * MINUTE_MS;
const LOOK_MS = 2 * MINUTE_MS;
/** The ledger's questions read every row. */
const PROVE_MS = 30 * MINUTE_MS;
const RETURN_MS = 2 * UNIT_MS + 2 * FILES_MS;

/** Settings that MySQL reads from its data folder when it starts; what SET PERSIST writes. */
const PERSISTED = 'mysqld-auto.cnf';
/**
 * As SET PERSIST writes it: clients may read, and nobody's transaction is committed before the proof. MySQL 9.7 passes over
 * an entry with a small time (microseconds), so it is one of 2026.
 */
const READ_ONLY = `${JSON.stringify({
  Version: 2,
  mysql_dynamic_variables: {
    super_read_only: { Value: 'ON', Metadata: { Host: '', User: 'ompay', Timestamp: 1_767_225_600_000_000 } },
  },
})}\n`;

/**
 * Puts the proven folder in place, read-only, and has it proven there by the server's own program and settings. All of it
 * is undone: until its end no client could write.
 */
export function promotePlan(promotion: Promotion, recordPath: string): Plan {
  const { dataFolder, aside, proven, unit, wasServing } = promotion;
  return onePlan('promote', `Put the restored database in place of ${dataFolder}`, [
    {
      ...step('record', 'note what is under way', recordAction(recordPath, promotion, false)),
      undo: exec(unlessHalf(promotion, recordPath), FILES_MS),
    },
    step('own', 'give it owner, modes and certificates of the one there', exec(ownLine(promotion), FILES_MS)),
    {
      ...step('gate', 'have it start read-only', {
        kind: 'put',
        path: join(proven, PERSISTED),
        content: READ_ONLY,
        mode: 0o644,
      }),
      undo: exec(sh`rm -f ${join(proven, PERSISTED)}`, FILES_MS),
    },
    {
      ...step('stop', 'stop the server', systemctl('stop', unit)),
      ...(wasServing ? { undo: systemctl('start', unit) } : {}),
    },
    step(
      'still',
      'nothing was committed since it was confirmed',
      call('promotion.still', { dataFolder, committed: promotion.committed }, LOOK_MS),
    ),
    {
      ...step('aside', 'keep the old one beside it', exec(sh`mv -T ${dataFolder} ${aside}`, FILES_MS)),
      undo: exec(swapBackLine(promotion), FILES_MS),
    },
    step('place', 'put the proven one there', exec(placeLine(promotion), FILES_MS)),
    { ...step('start', 'start the server on it', systemctl('start', unit)), undo: systemctl('stop', unit) },
    step(
      'prove',
      'prove it again, there',
      call('promotion.prove', { dataFolder, gtids: promotion.gtids }, PROVE_MS),
    ),
    step('close', 'stop it once more, to let clients write', systemctl('stop', unit)),
  ]);
}

/**
 * Lets clients write. Killed, it is ended by running it again; failed, the old database is put back as long as no
 * transaction was committed into the new one.
 */
export function openPlan(promotion: Promotion, recordPath: string): Plan {
  const { dataFolder, aside, unit } = promotion;
  const [mine, former] = [dataFolder, aside].map((folder) => join(folder, PERSISTED));
  if (mine === undefined || former === undefined) throw new TypeError('two folders have two files');
  return onePlan('open', 'Let clients write', [
    {
      ...step('decide', 'from now on it only goes forward', recordAction(recordPath, promotion, true)),
      undo: call('promotion.return', { dataFolder, aside }, RETURN_MS),
    },
    step('down', 'the server is down', systemctl('stop', unit)),
    step(
      'ungate',
      'give it the settings that the old one had',
      exec(sh`if [ -e ${former} ]; then cp -p ${former} ${mine}; else rm -f ${mine}; fi`, FILES_MS),
    ),
    step('up', 'start the server', systemctl('start', unit)),
    step(
      'answer',
      'it answers and takes transactions',
      call('promotion.answer', { dataFolder, gtids: promotion.gtids }, LOOK_MS),
    ),
    step('forget', 'nothing is under way any more', exec(sh`rm -f ${recordPath}`, FILES_MS)),
  ]);
}

/** What a killed promotion left, back to what was before. Each step may find its work done. */
export function putBackPlan(promotion: Promotion, recordPath: string): Plan {
  const { unit, aside, proven, wasServing } = promotion;
  const start = step('start', 'start the old server', systemctl('start', unit));
  return onePlan('put-back', 'Put the old database back', [
    step('stop', 'stop the server', exec(sh`[ ! -e ${aside} ] || systemctl stop ${unit}`, UNIT_MS)),
    step('return', 'put the old folder back', exec(swapBackLine(promotion), FILES_MS)),
    step('ungate', 'the proven one stays as it was', exec(sh`rm -f ${join(proven, PERSISTED)}`, FILES_MS)),
    ...(wasServing ? [start] : []),
    step('forget', 'nothing is under way any more', exec(sh`rm -f ${recordPath}`, FILES_MS)),
  ]);
}

/** `recordPath` says from then on whether the promotion is ended forward or back. */
export function recordAction(path: string, promotion: Promotion, isDecided: boolean): Action {
  return { kind: 'put', path, content: promotionText({ ...promotion, isDecided }), mode: 0o600 };
}

export function stopAction({ unit }: Promotion): Action {
  return systemctl('stop', unit);
}

/** The record stays for `--resume` until the old one is back and serves. */
function unlessHalf({ aside, unit, wasServing }: Promotion, recordPath: string): Shell {
  const serves = wasServing ? sh`systemctl is-active ${unit} && ` : sh``;
  return sh`[ ! -e ${aside} ] && ${serves}rm -f ${recordPath}`;
}

function ownLine({ dataFolder, proven }: Promotion): Shell {
  const own = sh`chown -R --reference=${dataFolder} ${proven} && chmod --reference=${dataFolder} ${proven}`;
  // Certificates that MySQL made for itself are in no backup, and clients may know their authority.
  return sh`${own} && find ${dataFolder} -maxdepth 1 -name '*.pem' -exec cp -p -t ${proven} {} +`;
}

function placeLine({ dataFolder, proven }: Promotion): Shell {
  return sh`mv -T ${proven} ${dataFolder} && sync ${dirname(dataFolder)}`;
}

/** Only while the old one is aside is the one in its place another. Safe to run at any moment of a stopped server. */
function swapBackLine({ dataFolder, aside, proven }: Promotion): Shell {
  const back = sh`{ [ ! -e ${dataFolder} ] || mv -T ${dataFolder} ${proven}; } && mv -T ${aside} ${dataFolder}`;
  return sh`[ ! -e ${aside} ] || { ${back} && sync ${dirname(dataFolder)}; }`;
}

function onePlan(name: string, title: string, steps: readonly Step[]): Plan {
  return { name, title, stages: [{ title, steps }] };
}

function step(id: string, title: string, action: Action): Step {
  return { id, title, on: 'local', action };
}

function exec(line: Shell, timeoutMs: number): Action {
  return { kind: 'exec', line, timeoutMs };
}

function systemctl(verb: 'start' | 'stop', unit: string): Action {
  return exec(sh`systemctl ${verb} ${unit}`, UNIT_MS);
}
