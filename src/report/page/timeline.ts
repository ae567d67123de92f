import type { Phase, ReportedStep, RunReport } from '../types.ts';
import { type Html, html } from './html.ts';
import { section, type Voice } from './section.ts';
import { english, phaseTitle, stepTitle } from './titles.ts';

const SIGNS: Readonly<Record<ReportedStep['state'], string>> = {
  done: '✓',
  skipped: '–',
  failed: '✗',
  open: '…',
  notRun: '·',
};

/** Phases and steps in order, each with a bar at its place on the whole run. */
export function timelineSection(report: RunReport, voice: Voice): Html {
  const { words, format } = voice;
  const totalMs = Math.max(
    1,
    report.durationMs ?? Date.parse(report.lastSeenAt) - Date.parse(report.startedAt),
  );
  return section('timeline', words.timelineTitle, [
    html`<p class="faint">${words.timelineCaption(format.duration(totalMs))}</p>`,
    report.phases.map((phase) => phaseItem(phase, totalMs, voice)),
  ]);
}

function phaseItem(phase: Phase, totalMs: number, voice: Voice): Html {
  const { words, format } = voice;
  const duration =
    phase.durationMs === null ? words.phaseState[phase.state] : format.duration(phase.durationMs);
  return html`<div class="phase"><h3>${phaseTitle(phase, words.language)} <span class="faint">${duration}</span></h3>
<ol class="steps">${phase.steps.map((step) => stepItem(phase.plan, step, { totalMs, voice }))}</ol></div>
`;
}

function stepItem(
  plan: string,
  step: ReportedStep,
  { totalMs, voice }: { readonly totalMs: number; readonly voice: Voice },
): Html {
  const { words, format } = voice;
  const duration = step.durationMs === null ? words.stepState[step.state] : format.duration(step.durationMs);
  const shown = step.shown === null ? null : html` <span class="shown">${english(step.shown)}</span>`;
  const error = step.error === null ? null : html` <span class="wrong">${english(step.error.message)}</span>`;
  return html`<li class="${step.state}"><span class="sign" title="${words.stepState[step.state]}">${SIGNS[step.state]}</span>
<span class="what">${stepTitle(plan, step, words.language)}${shown}${error}</span>
<span class="took">${duration}</span>${bar(step, totalMs)}</li>
`;
}

const BAR_WIDTH = 1000;

/** Stretched to the width that there is; the words beside it say the same, so it is hidden from screen readers. */
function bar({ startMs, durationMs, state }: ReportedStep, totalMs: number): Html | null {
  if (startMs === null) return null;
  const at = (ms: number): number => Math.round((Math.max(0, ms) / totalMs) * BAR_WIDTH);
  const width = Math.max(3, Math.min(BAR_WIDTH, at(durationMs ?? totalMs - startMs)));
  const x = Math.min(BAR_WIDTH - width, at(startMs));
  return html`<svg class="bar" viewBox="0 0 ${BAR_WIDTH} 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="${BAR_WIDTH}" height="8"/><rect class="${state}" x="${x}" width="${width}" height="8"/></svg>`;
}
