import type { CheckVerdict, ReportedCheck, RunReport } from '../types.ts';
import { type Html, html } from './html.ts';
import { section, type Voice } from './section.ts';
import { english } from './titles.ts';

/** Every check with its verdict, by checklist; who signed or waived it, and why. */
export function checksSection(report: RunReport, voice: Voice): Html {
  const { words } = voice;
  if (report.checks.length === 0)
    return section('checks', words.checksTitle, html`<p class="faint">${words.noChecks}</p>`);
  const lists = Map.groupBy(report.checks, ({ checklist }) => checklist);
  return section(
    'checks',
    words.checksTitle,
    [...lists].map(
      ([name, checks]) =>
        html`<h3>${words.checklists[name] ?? name} <span class="faint">${tally(checks, voice)}</span></h3><ul class="checks">${checks.map(
          (check) => checkItem(check, voice),
        )}</ul>`,
    ),
  );
}

const KINDS: readonly CheckVerdict['kind'][] = ['pass', 'waived', 'unknown', 'fail'];

/** `conforme 4 · inconnu 1` */
export function tally(checks: readonly ReportedCheck[], { words }: Voice): string {
  return KINDS.map((kind) => ({ kind, count: checks.filter(({ verdict }) => verdict.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${words.verdict[kind].toLowerCase()} ${count}`)
    .join(' · ');
}

function checkItem({ check, title, severity, verdict }: ReportedCheck, voice: Voice): Html {
  const { words } = voice;
  const warns = severity === 'warn' ? html` <span class="faint">(${words.warnsOnly})</span>` : null;
  return html`<li><span class="badge ${verdict.kind}">${words.verdict[verdict.kind]}</span>
<div><p>${title[words.language]}${warns} <code>${check}</code></p>${detailsOf(verdict, voice)}</div></li>`;
}

function detailsOf(verdict: CheckVerdict, voice: Voice): Html | null {
  const { words } = voice;
  const said = [
    signature(verdict, voice),
    named(words.reason, verdict.reason),
    told(words.observed, verdict.observed),
    told(words.expected, verdict.expected),
    told(words.why, verdict.why),
    told(words.next, verdict.hint),
  ].filter((each) => each !== null);
  return said.length === 0 ? null : html`<ul class="said">${said.map((each) => html`<li>${each}</li>`)}</ul>`;
}

function signature({ kind, by, until: end }: CheckVerdict, { words, format }: Voice): Html | null {
  if (by === null) return null;
  const until = end === null ? null : format.time(end);
  return html`<b>${kind === 'waived' ? words.waivedBy(by, until) : words.signedBy(by, until)}</b>`;
}

/** What a person wrote, in the language of that person. */
function named(name: string, text: string | null): Html | null {
  return text === null ? null : html`<span class="faint">${name}</span> ${text}`;
}

/** What the program said. */
function told(name: string, text: string | null): Html | null {
  return text === null ? null : html`<span class="faint">${name}</span> ${english(text)}`;
}
