import type { Environment } from '../config/key.ts';
import { type Language, shownVerdict } from './shown.ts';
import type { Judged } from './types.ts';
import { blocks } from './verdict.ts';

/**
 * The verdicts as JUnit XML, which every CI reads (testmoapp/junitxml): a check that blocks is a failure, one that was
 * waived or could not be looked at is skipped.
 */
export function junitXml(
  judged: readonly Judged[],
  { environment, language }: { readonly environment: Environment; readonly language: Language },
): string {
  const suites = [...Map.groupBy(judged, ({ checklist }) => checklist)].map(([name, checks]) =>
    suiteXml(name, checks, { environment, language }),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

interface Setting {
  readonly environment: Environment;
  readonly language: Language;
}

function suiteXml(name: string, judged: readonly Judged[], setting: Setting): string {
  const cases = judged.map((each) => ({ each, mark: markOf(each, setting.environment) }));
  const count = (mark: Mark): number => cases.filter((other) => other.mark === mark).length;
  const counts = `tests="${judged.length}" failures="${count('failure')}" skipped="${count('skipped')}"`;
  const body = cases.map(({ each, mark }) => caseXml(each, mark, setting.language)).join('');
  return `  <testsuite name="${escaped(name)}" ${counts}>\n${body}  </testsuite>\n`;
}

type Mark = 'failure' | 'skipped' | 'passed';

function markOf({ check, verdict }: Judged, environment: Environment): Mark {
  if (blocks(verdict, { severity: check.severity, environment })) return 'failure';
  return verdict.kind === 'pass' ? 'passed' : 'skipped';
}

function caseXml({ checklist, check, verdict, durationMs }: Judged, mark: Mark, language: Language): string {
  const { id, title } = check;
  const names = `classname="${escaped(`${checklist}.${id}`)}" name="${escaped(title[language])}"`;
  const open = `    <testcase ${names} time="${(durationMs / 1000).toFixed(3)}">`;
  const said = escaped(shownVerdict(verdict));
  const body = mark === 'passed' ? `<system-out>${said}</system-out>` : `<${mark} message="${said}"/>`;
  return `${open}${body}</testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** For attributes and text. Characters that XML 1.0 (2.2) does not have become U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"'\n\t]/g, (character) => ENTITIES[character] ?? '');
}
