import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type AnchorFile, anchorFilesIn } from '../../api/audit/anchor/read.ts';
import { type Finding, FOUND } from '../../api/audit/verify/finding.ts';
import { type Verification, verifyLedger } from '../../api/audit/verify/verify.ts';
import { deriveRing } from '../../api/auth/keys.ts';
import { inLanguage, type Language, type Sentence } from '../../api/language.ts';
import { isoTime } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { type Invocation, textOption } from '../command.ts';
import { type ApiKit, withApi } from '../kit/api.ts';
import { paint } from '../render.ts';

/** Sums over ten million entries take about ten seconds each. */
const STATEMENT_LIMIT_MS = 600_000;
const PROGRESS_AFTER_MS = 2_000;
const PROGRESS_EVERY_MS = 1_000;
const EXIT_WRONG = 3;

const SAID = {
  right: {
    fr: 'le grand livre est intact : {transfers} transferts, {entries} écritures, {events} événements d’audit',
    en: 'the ledger is intact: {transfers} transfers, {entries} entries, {events} audit events',
  },
  wrong: {
    fr: '{count} lignes ne sont pas ce qui a été écrit :',
    en: '{count} rows are not as they were written:',
  },
  anchored: {
    fr: '  {anchors} ancres concordent ; la plus récente est du {until}',
    en: '  {anchors} anchors agree; the newest is of {until}',
  },
  unanchored: {
    fr: "  aucune ancre : une fin supprimée et une histoire réécrite d'un bout à l'autre ne se verraient pas",
    en: '  no anchor: a removed end and a history rewritten from end to end would not be seen',
  },
  uncovered: {
    fr: "  la description de {count} transferts d'une version antérieure n'est pas couverte par la chaîne",
    en: '  the description of {count} transfers of an older release is not covered by the chain',
  },
  next: {
    fr: '  ensuite : ne rien corriger ; garder une copie de la base et des ancres, comparer avec la dernière sauvegarde (ompay backup list)',
    en: '  next: correct nothing; keep a copy of the database and the anchors, compare with the last backup (ompay backup list)',
  },
} as const satisfies Readonly<Record<string, Sentence>>;

export function configure(command: Command): void {
  command
    .option('--anchor <file...>', "anchor files to compare with (default: all of the installation's)")
    .option('--language <fr|en>', 'of what is said', 'fr');
}

/** Exit 0 when all is as it was written, 3 when not, naming each row. Reads only. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const language = languageOf(textOption(command, 'language'));
  const startedMs = clock.monotonicMs();
  const verification = await withApi(
    layout,
    clock,
    (kit) => verifyLedger(kit.database, anchorFiles(kit, anchorOption(command)), progressOf(invocation)),
    { statementTimeoutMs: STATEMENT_LIMIT_MS },
  );
  const durationMs = clock.monotonicMs() - startedMs;
  output.write(
    output.json
      ? `${JSON.stringify({ ...verification, durationMs: Math.round(durationMs) })}\n`
      : shown(verification, language),
  );
  return verification.findings.length === 0 ? 0 : EXIT_WRONG;
}

function anchorFiles({ settings }: ApiKit, named: readonly string[]): readonly AnchorFile[] {
  const keys = deriveRing(settings, 'anchor');
  if (named.length > 0) return named.map((path) => ({ path: existing(path), keys }));
  const { anchorFolder } = settings;
  return anchorFolder === null || !existsSync(anchorFolder) ? [] : anchorFilesIn(anchorFolder, keys);
}

function anchorOption(command: Command): readonly string[] {
  const given: unknown = command.opts().anchor;
  return Array.isArray(given) ? given.map(String) : [];
}

function existing(path: string): string {
  if (existsSync(path)) return path;
  throw new OmpayError('notFound', `there is no anchor file ${path}`, {
    hint: 'ompay api verify-ledger, without --anchor, reads the installation’s own',
  });
}

function languageOf(given: string | undefined): Language {
  if (given === 'fr' || given === 'en') return given;
  throw new OmpayError('usage', `--language must be fr or en, seen ${JSON.stringify(given)}`, {
    hint: 'ompay api verify-ledger --language en',
  });
}

/** On stderr, once it has taken two seconds, and then at most each second. */
function progressOf({ clock, output }: Invocation): (what: string, done: number, of: number) => void {
  const startedMs = clock.monotonicMs();
  let lastMs = startedMs + PROGRESS_AFTER_MS - PROGRESS_EVERY_MS;
  return (what, done, of) => {
    const nowMs = clock.monotonicMs();
    if (output.json || nowMs - lastMs < PROGRESS_EVERY_MS) return;
    lastMs = nowMs;
    process.stderr.write(`${what}${of === 0 ? '' : ` ${done}/${of}`}\n`);
  };
}

function shown(verification: Verification, language: Language): string {
  const { findings, anchors, anchoredUntilMs, descriptionsUncovered: count } = verification;
  const { transfers, entries, events } = verification;
  const say = (sentence: Sentence, parameters = {}): string =>
    `${inLanguage(sentence, language, parameters)}\n`;
  const verdict =
    findings.length === 0
      ? say(SAID.right, { transfers, entries, events })
      : paint.bad(say(SAID.wrong, { count: findings.length }));
  return [
    verdict,
    ...findings.map((finding) => shownFinding(finding, language)),
    anchoredUntilMs === null
      ? say(SAID.unanchored)
      : say(SAID.anchored, { anchors, until: isoTime(anchoredUntilMs) }),
    ...(count === 0 ? [] : [say(SAID.uncovered, { count })]),
    ...(findings.length === 0 ? [] : [say(SAID.next)]),
  ].join('');
}

function shownFinding({ kind, table, row }: Finding, language: Language): string {
  return `  ${table} ${row}: ${inLanguage(FOUND[kind], language)}\n`;
}
