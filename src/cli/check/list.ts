import type { Command } from 'commander';
import { readChecklists } from '../../check/checklist.ts';
import { KINDS } from '../../check/kinds/index.ts';
import type { Checklist } from '../../check/types.ts';
import { hasOption, type Invocation } from '../command.ts';
import { chosenLists } from '../kit/checks/lists.ts';
import { paint } from '../render.ts';

export function configure(command: Command): void {
  command
    .argument('[name]', 'one list: pre-deploy, deploy, post-deploy, rollback (default: all)')
    .option('--english', 'titles in English');
}

/** What is checked, when and why; nothing is looked at. */
export async function run({ args, command, output, programRoot }: Invocation): Promise<number> {
  const lists = chosenLists(readChecklists(programRoot, KINDS), args[0]);
  const language = hasOption(command, 'english') ? 'en' : 'fr';
  for (const list of lists) {
    if (output.json) output.write(jsonOf(list));
    else output.write(textOf(list, language));
  }
  return 0;
}

function jsonOf({ name, checks }: Checklist): string {
  return checks.map((check) => `${JSON.stringify({ checklist: name, ...check })}\n`).join('');
}

function textOf({ name, title, checks }: Checklist, language: 'fr' | 'en'): string {
  const items = checks.map(({ id, title: words, why, severity, probes }) => {
    const kinds = probes.map(({ kind }) => kind).join(' + ');
    const how = `${kinds}${severity === 'warn' ? ', warns only' : ''}`;
    return `  ${paint.strong(id.padEnd(20))} ${words[language]}  ${paint.faint(`[${how}]`)}\n  ${' '.repeat(20)} ${paint.faint(why[language])}\n`;
  });
  return `${paint.strong(`${title[language]} (${name})`)}\n${items.join('')}\n`;
}
