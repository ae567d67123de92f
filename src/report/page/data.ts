import type { JsonObject } from '../../plan/plan.ts';
import { isReleasing } from '../read.ts';
import type { BackupFacts, RunReport } from '../types.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { factList, section, type Voice } from './section.ts';

type Value = JsonObject[string];

/** What protects the data: the backup with its proof, and the migrations. */
export function dataSection(report: RunReport, voice: Voice): Html {
  const { words } = voice;
  const { applied, evidence } = report.migrations;
  const told =
    applied === null
      ? words.migrationsUntold
      : applied.length === 0
        ? words.noMigrations
        : applied.join(', ');
  return section('data', words.dataTitle, [
    factList([
      {
        name: words.backup,
        value: report.backup === null ? words.noBackup : backupText(report.backup, voice),
      },
      { name: words.migrations, value: told },
    ]),
    evidence.length === 0
      ? null
      : html`<details><summary>${words.migrationEvidence}</summary>${evidence.map((each) => toldValue(each, 0))}</details>`,
  ]);
}

function backupText(backup: BackupFacts, { words, format }: Voice): Html {
  const size = backup.sizeBytes === null ? null : `, ${format.size(backup.sizeBytes)}`;
  const method = backup.method === null ? null : ` (${backup.method})`;
  const proof =
    backup.checks === null ? words.backupUnproven : words.backupProof(format.number(backup.checks));
  return html`<code>${backup.id}</code>${method}${size}<br>${proof}`;
}

const MAX_DEPTH = 4;
const MAX_ITEMS = 100;

/** Data in the form in which it was told, as lists: its shape belongs to the step that told it. */
export function toldValue(value: Value | undefined, depth: number): HtmlValue {
  if (typeof value !== 'object' || value === null)
    return html`<span lang="en">${String(value ?? '–')}</span>`;
  if (depth >= MAX_DEPTH) return html`<code>${JSON.stringify(value).slice(0, 500)}</code>`;
  const items = Object.entries(value).slice(0, MAX_ITEMS);
  if (items.length === 0) return '–';
  if (Array.isArray(value))
    return html`<ul>${items.map(([, item]) => html`<li>${toldValue(item, depth + 1)}</li>`)}</ul>`;
  return html`<dl class="told">${items.map(
    ([name, item]) => html`<div><dt><code>${name}</code></dt><dd>${toldValue(item, depth + 1)}</dd></div>`,
  )}</dl>`;
}

/** Where the report comes from, and whether its source is unchanged. */
export function proofSection(report: RunReport, { words, format }: Voice): Html {
  const { lines, firstSeq, lastSeq, lastHash, brokenSeqs } = report.proof;
  const verdict =
    brokenSeqs.length === 0
      ? html`<span class="good">${words.proofGood}</span>`
      : html`<strong class="wrong">${words.proofBroken(brokenSeqs.slice(0, MAX_ITEMS).join(', '))}</strong>`;
  return section(
    'proof',
    words.proofTitle,
    factList([
      { name: words.run, value: html`<code>${report.run}</code>` },
      { name: words.command, value: html`<code>ompay ${report.command}</code>` },
      {
        name: words.proofTitle,
        value: html`${words.proofLines(format.number(lines), firstSeq, lastSeq)}<br>${verdict}`,
      },
      { name: words.lastHash, value: html`<code class="hash">${lastHash}</code>` },
    ]),
  );
}

/** The commands that look further, ready to be typed. */
export function commandsSection(report: RunReport, { words }: Voice): Html {
  const { commands } = words;
  const shown = [
    [`ompay audit list --run ${report.run}`, commands.events],
    ['ompay audit verify', commands.verify],
    ['ompay status', commands.status],
    ['ompay logs', commands.logs],
    ...(isReleasing(report.command) ? [['ompay rollback', commands.rollback]] : []),
    ...(report.backup === null ? [] : [[`ompay backup verify ${report.backup.id}`, commands.backup]]),
  ];
  return section(
    'commands',
    words.commandsTitle,
    html`<ul class="commands">${shown.map(([line, what]) => html`<li><code>${line ?? ''}</code> ${what ?? ''}</li>`)}</ul>`,
  );
}

export function notesSection(report: RunReport, { words, format }: Voice): Html | null {
  if (report.notes.length === 0) return null;
  const items = report.notes.map(
    ({ at, text }) =>
      html`<li><span class="faint">${format.time(at)}</span> <span lang="en">${text}</span></li>`,
  );
  return section('notes', words.notesTitle, html`<ul>${items}</ul>`);
}
