import type { Command } from 'commander';
import { readChecklists } from '../../check/checklist.ts';
import { countsOf, isBlocking } from '../../check/handler.ts';
import { junitXml } from '../../check/junit.ts';
import { KINDS } from '../../check/kinds/index.ts';
import { runChecklist } from '../../check/run.ts';
import { evidenceData, type Language, shownVerdict } from '../../check/shown.ts';
import type { Judged } from '../../check/types.ts';
import type { Environment } from '../../config/key.ts';
import { hasOption, type Invocation } from '../command.ts';
import { chosenLists } from '../kit/checks/lists.ts';
import { localCheckSources } from '../kit/checks/sources.ts';
import { environmentOf } from '../kit/checks.ts';
import { localKit } from '../kit/local.ts';
import { paint } from '../render.ts';

const BLOCKED_EXIT_CODE = 3;

export function configure(command: Command): void {
  command
    .argument('[name]', 'one list: pre-deploy, deploy, post-deploy, rollback (default: all)')
    .option('--junit', 'JUnit XML, for a CI')
    .option('--english', 'titles in English');
}

/** Looks now, and asks the registry for its audit when the kept one is old. Exit 3 when a check blocks here. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, command, output, programRoot, signal } = invocation;
  const lists = chosenLists(readChecklists(programRoot, KINDS), args[0]);
  const environment = environmentOf(invocation);
  const { facts } = localKit(invocation).deployKit;
  const sources = localCheckSources({ invocation, facts, run: null, network: true });
  const kit = { kinds: KINDS, sources, clock, signal };
  const judged = (await Promise.all(lists.map((list) => runChecklist(list, kit)))).flat();
  const language = hasOption(command, 'english') ? 'en' : 'fr';
  if (hasOption(command, 'junit')) output.write(junitXml(judged, { environment, language }));
  else if (output.json)
    output.write(judged.map((each) => `${JSON.stringify(evidenceData(each, environment))}\n`).join(''));
  else output.write(textOf(judged, environment, language));
  return judged.some((each) => isBlocking(each, environment)) ? BLOCKED_EXIT_CODE : 0;
}

function textOf(judged: readonly Judged[], environment: Environment, language: Language): string {
  const lines = [...Map.groupBy(judged, ({ checklist }) => checklist)].flatMap(([name, checks]) => [
    paint.strong(name),
    ...checks.map((each) => itemText(each, language)),
  ]);
  const { passed, failed, unknown, waived } = countsOf(judged);
  const blocking = judged.filter((each) => isBlocking(each, environment)).length;
  const counts = `${passed} pass, ${failed} fail, ${unknown} unknown, ${waived} waived`;
  return `${lines.join('\n')}\n${counts}; in ${environment} ${blocking === 0 ? 'nothing blocks' : `${blocking} block`}\n`;
}

const MARKS: Readonly<Record<Judged['verdict']['kind'], string>> = {
  pass: paint.good('✔'),
  fail: paint.bad('✖'),
  unknown: paint.warn('?'),
  waived: paint.warn('~'),
};

function itemText({ check, verdict }: Judged, language: Language): string {
  return `  ${MARKS[verdict.kind]} ${check.title[language]}  ${paint.faint(check.id)}\n    ${shownVerdict(verdict)}`;
}
