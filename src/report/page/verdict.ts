import type { Figures, Outcome, RunReport } from '../types.ts';
import { releaseText } from './format.ts';
import { type Html, html } from './html.ts';
import { type Fact, factList, section, type Voice } from './section.ts';
import { english, stepTitle } from './titles.ts';

type Tone = 'good' | 'warn' | 'bad';

const TONES: Readonly<Record<Outcome, Tone>> = {
  done: 'good',
  unchanged: 'good',
  blocked: 'warn',
  busy: 'warn',
  rolledBack: 'warn',
  interrupted: 'warn',
  running: 'warn',
  failed: 'bad',
  notRolledBack: 'bad',
  killed: 'bad',
};

const SIGNS: Readonly<Record<Tone, string>> = { good: '✓', warn: '!', bad: '✗' };

/** The first thing that is read: how it ended, and what clients get now. */
export function verdictBanner(report: RunReport, voice: Voice): Html {
  const tone = report.proof.brokenSeqs.length > 0 ? 'bad' : TONES[report.outcome];
  const stopped = report.stoppedAt;
  return html`<p class="verdict ${tone}"><span class="sign" aria-hidden="true">${SIGNS[tone]}</span>
<strong>${verdictText(report, voice)}</strong></p>
${
  report.outcome !== 'killed'
    ? null
    : html`<p class="stopped">${voice.words.stoppedAt} : ${
        stopped === null
          ? voice.words.noSteps
          : html`${stepTitle(stopped.plan, stopped, voice.words.language)} <code>${stopped.plan}/${stopped.step}</code>`
      }</p>`
}`;
}

/** `Déploiement réussi : la version 63763e2c0759 sert les clients.` */
export function verdictText(report: RunReport, { words }: Voice): string {
  const head = headText(report, words);
  const { serving } = report;
  if (serving === null) return `${head}.`;
  const release = releaseText(serving);
  const served =
    release !== null
      ? words.serves(release)
      : serving.state === 'none'
        ? words.servesNone
        : words.servesUnknown;
  return words.language === 'fr' ? `${head} : ${served}.` : `${head}: ${served}.`;
}

function headText({ outcome, command }: RunReport, words: Voice['words']): string {
  if (outcome !== 'done') return words.outcome[outcome];
  if (command === 'deploy') return words.succeeded.deploy;
  return command === 'rollback' ? words.succeeded.rollback : words.succeeded.other;
}

/** Who, when, from what to what, and the figures that are asked for first. */
export function runFacts(report: RunReport, voice: Voice): Html {
  const { words, format } = voice;
  const { figures } = report;
  const figure = (value: number | null, shown: (value: number) => string): string | null =>
    value === null ? null : shown(value);
  return factList([
    ...releaseFacts(report, voice),
    { name: words.by, value: report.by },
    { name: words.startedAt, value: format.time(report.startedAt) },
    report.endedAt === null
      ? { name: words.lastSeenAt, value: format.time(report.lastSeenAt) }
      : { name: words.endedAt, value: format.time(report.endedAt) },
    { name: words.duration, value: figure(report.durationMs, format.duration) },
    { name: words.exitCode, value: figure(report.exitCode, String) },
    {
      name: words.switched,
      value: figure(figures.switchMicroseconds, (value) => `${format.number(value)} µs`),
    },
    { name: words.drained, value: figure(figures.drainMs, format.duration) },
    { name: words.requestsSinceSwitch, value: requestsText(figures, voice) },
  ]);
}

/** `1 609, dont 36 en échec` */
export function requestsText({ requests, failedRequests }: Figures, { words, format }: Voice): string | null {
  if (requests === null) return null;
  if (failedRequests === null) return format.number(requests);
  return `${format.number(requests)}, ${words.ofThemFailed(format.number(failedRequests))}`;
}

function releaseFacts(report: RunReport, { words }: Voice): Fact[] {
  if (report.serving === null) return [];
  const fact = (name: string, release: RunReport['releases']['to']): Fact => {
    if (release.state !== 'release')
      return { name, value: release.state === 'none' ? words.none : words.notTold };
    const version = release.version === null ? null : ` ${release.version}`;
    const commit = release.commit === null ? null : html`<br>${words.commit} <code>${release.commit}</code>`;
    return { name, value: html`<code>${release.id}</code>${version}${commit}` };
  };
  return [fact(words.from, report.releases.from), fact(words.to, report.releases.to)];
}

/** The error, the next command, and what was undone; nothing when nothing failed. */
export function failureSection(report: RunReport, { words, format }: Voice): Html | null {
  const { failure } = report;
  const undos = report.phases.flatMap(({ plan, undos }) => undos.map((undo) => ({ plan, ...undo })));
  if (failure === null && undos.length === 0) return null;
  const { step, error } = failure ?? { step: null, error: null };
  const facts = factList([
    {
      name: words.failedStep,
      value:
        step === null
          ? null
          : html`${stepTitle(step.plan, step, words.language)} <code>${step.plan}/${step.step}</code>`,
    },
    {
      name: words.error,
      value: error === null ? null : html`${english(error.message)} <code>${error.code}</code>`,
    },
    { name: words.next, value: error === null || error.hint === '' ? null : english(error.hint) },
  ]);
  const undone = html`<h3>${words.undone}</h3><ul class="undos">${undos.map(
    (undo) =>
      html`<li class="${undo.state}"><b>${words.undoState[undo.state]}</b> ${stepTitle(undo.plan, undo, words.language)}${
        undo.durationMs === null
          ? null
          : html` <span class="faint">${format.duration(undo.durationMs)}</span>`
      }${undo.error === null ? null : html`<br>${english(undo.error.message)}`}</li>`,
  )}</ul>`;
  return section('failure', words.failureTitle, [facts, undos.length === 0 ? null : undone]);
}
