import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseChecklist, readChecklists } from '../../src/check/checklist.ts';
import { defineKind } from '../../src/check/kind.ts';
import { KINDS } from '../../src/check/kinds/index.ts';
import { runChecklist } from '../../src/check/run.ts';
import { fail, pass } from '../../src/check/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { PROGRAM_ROOT } from '../fixtures/installation.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';
import { sourcesWith } from './sources.ts';

/** The production recommendations' own words. */
const REQUIRED = {
  'pre-deploy': [
    'Tests automatisés passent (100% coverage)',
    'Performance benchmarks OK',
    'Security scan passé',
    'Documentation à jour',
  ],
  deploy: [
    'Backup base prod',
    'Déploiement blue-green',
    'Smoke tests automatisés',
    'Monitoring alertes configurées',
  ],
  'post-deploy': [
    'Logs erreurs vérifiés',
    'Métriques monitoring OK',
    'Performance comparée',
    'Communication équipe',
  ],
  rollback: [
    'Version précédente taggée',
    'Script rollback automatisé',
    'Données backup disponibles',
    'Test rollback en staging',
  ],
};

const PLACE = { name: 'list', path: 'checklists/list.yml' };

/** A list of one check, with some of its lines replaced. */
function list(change: (text: string) => string = (text) => text): string {
  return change(`title: { fr: Liste, en: List }
checks:
  - id: a-check
    title: { fr: Un, en: One }
    why:
      fr: Parce que
      en: Because
    severity: block
    probes:
      - kind: rollback-rehearsed
        withinDays: 30
`);
}

test('the four files hold exactly the sixteen items of the requirements, in their order', () => {
  const lists = readChecklists(PROGRAM_ROOT, KINDS);
  const titles = lists.map(({ name, checks }) => [name, checks.map(({ title }) => title.fr)]);
  expect(Object.fromEntries(titles)).toEqual(REQUIRED);
  expect(Object.keys(REQUIRED)).toEqual(lists.map(({ name }) => name));
});

test('every item says in both languages what it is and why it matters', () => {
  for (const { id, title, why } of readChecklists(PROGRAM_ROOT, KINDS).flatMap(({ checks }) => checks)) {
    expect([id, title.en === title.fr, why.fr.length > 30, why.en.length > 30]).toEqual([
      id,
      false,
      true,
      true,
    ]);
  }
});

test.each([
  [
    'an unknown key',
    'severity: block',
    'severty: block',
    'line 8: checks.0 has an unknown key "severty" (allowed: id, title, why, severity, probes)',
  ],
  ['a missing key', '    severity: block\n', '', 'line 3: checks.0 lacks the key "severity"'],
  [
    'a value that is not allowed',
    'block',
    'hard',
    'line 8: checks.0.severity is "hard" (allowed: block, warn)',
  ],
  [
    'an unknown kind',
    'kind: rollback-rehearsed',
    'kind: rollbck',
    'line 10: no kind is named "rollbck" (allowed: evidence, benchmark,',
  ],
  [
    'an unknown field of a kind',
    'withinDays: 30',
    'withinDay: 30',
    'line 11: checks.0.probes.0 has an unknown key "withinDay" (allowed: kind, withinDays)',
  ],
  [
    'a field of another type',
    'withinDays: 30',
    'withinDays: "30"',
    'line 11: checks.0.probes.0.withinDays is "30" (allowed: must be integer)',
  ],
  [
    'a missing field of a kind',
    '        withinDays: 30\n',
    '',
    'line 10: checks.0.probes.0 lacks the key "withinDays"',
  ],
  ['an id that nobody could type', 'a-check', 'A check', 'line 3: checks.0.id is "A check"'],
  ['a language that is missing', '      en: Because\n', '', 'line 5: checks.0.why lacks the key "en"'],
  ['an empty text', 'fr: Parce que', "fr: ''", 'line 6: checks.0.why.fr is ""'],
  [
    'a key given twice',
    'severity: block',
    'severity: block\n    severity: warn',
    'line 9: Map keys must be unique',
  ],
  ['broken YAML', 'fr: Parce que', 'fr: [', 'line '],
  ['no mapping at all', /[\s\S]*/, 'text', 'line 1: the file is "text" (allowed: must be object)'],
])('%s is told with file, line and what is allowed', async (_what, from, to, said) => {
  const error = await ompayErrorOf(() =>
    parseChecklist(
      list((text) => text.replace(from, to)),
      PLACE,
      KINDS,
    ),
  );
  expect(error).toMatchObject({ code: 'configInvalid', exitCode: 2 });
  expect(error.message).toMatch(/^checklists\/list\.yml: line \d+: /);
  expect(error.message).toContain(said);
  expect(error.hint).toContain('docs/checks.md');
});

test('every fault of a file is told at once', async () => {
  const text = list((good) => good.replace('block', 'hard').replace('a-check', 'A'));
  const { message } = await ompayErrorOf(() => parseChecklist(text, PLACE, KINDS));
  expect(message).toContain('line 3:');
  expect(message).toContain('line 8:');
});

test('aliases are refused: a few lines of them can describe gigabytes', async () => {
  const text = list((good) =>
    good.replace('{ fr: Un', '&one { fr: Un').replace(/why:\n.*\n.*\n/, 'why: *one\n'),
  );
  const error = await ompayErrorOf(() => parseChecklist(text, PLACE, KINDS));
  expect(error).toMatchObject({ code: 'configInvalid', message: expect.stringContaining('alias') });
});

test('a missing file, and an id used in two lists, are told', async () => {
  const folder = temporaryFolder();
  expect(await ompayErrorOf(() => readChecklists(folder, KINDS))).toMatchObject({
    code: 'configInvalid',
    message: expect.stringContaining('pre-deploy.yml (ENOENT)'),
  });
  cpSync(join(PROGRAM_ROOT, 'checklists'), join(folder, 'checklists'), { recursive: true });
  const path = join(folder, 'checklists/rollback.yml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('id: backup-data', 'id: smoke-tests'));
  const { message } = await ompayErrorOf(() => readChecklists(folder, KINDS));
  expect(message).toContain('two checks are named "smoke-tests"');
});

test('a check of a known kind is one entry: nothing else names it', async () => {
  const entry = `
  - id: rollback-rehearsed-lately
    title: { fr: Rollback essayé cette semaine, en: A rollback was tried this week }
    why: { fr: Une semaine suffit pour oublier, en: A week is enough to forget }
    severity: warn
    probes:
      - kind: rollback-rehearsed
        withinDays: 7
`;
  const folder = temporaryFolder();
  cpSync(join(PROGRAM_ROOT, 'checklists'), join(folder, 'checklists'), { recursive: true });
  const path = join(folder, 'checklists/rollback.yml');
  writeFileSync(path, `${readFileSync(path, 'utf8')}${entry}`);
  const rollback = readChecklists(folder, KINDS)[3];
  expect(rollback?.checks.at(-1)).toMatchObject({ id: 'rollback-rehearsed-lately', severity: 'warn' });
  expect(rollback?.checks).toHaveLength(5);
});

test('a new kind is one object in the list of kinds: its fields are checked, its look is run', async () => {
  const moon = defineKind<{ phase: string }>({
    kind: 'moon',
    schema: { phase: { type: 'string', enum: ['new', 'full'] } },
    look: async ({ phase }) => (phase === 'new' ? pass('it is dark') : fail('full', 'new', 'wait')),
  });
  const kinds = [...KINDS, moon];
  const text = (phase: string): string =>
    list((good) => good.replace('rollback-rehearsed', 'moon').replace('withinDays: 30', `phase: ${phase}`));
  const kit = { kinds, sources: sourcesWith(), clock: systemClock, signal: new AbortController().signal };
  const [dark] = await runChecklist(parseChecklist(text('new'), PLACE, kinds), kit);
  const [light] = await runChecklist(parseChecklist(text('full'), PLACE, kinds), kit);
  expect([dark?.verdict.kind, light?.verdict.kind]).toEqual(['pass', 'fail']);
  const { message } = await ompayErrorOf(() => parseChecklist(text('half'), PLACE, kinds));
  expect(message).toContain('phase is "half" (allowed: new, full)');
});
