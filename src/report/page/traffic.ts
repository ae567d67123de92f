import type { Observation, Percentiles, RunReport, Second, Traffic } from '../types.ts';
import { legend } from './axis.ts';
import { toldValue } from './data.ts';
import { distributionChart } from './histogram.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { latencyChart, requestsChart } from './seconds.ts';
import { section, type Voice } from './section.ts';
import { english } from './titles.ts';

/** What users saw: requests, failures and latency around the switch, and the judgement. */
export function trafficSections(report: RunReport, voice: Voice): HtmlValue {
  const { words } = voice;
  const observation = report.observations.at(-1);
  if (observation === undefined)
    return section('traffic', words.trafficTitle, html`<p class="faint">${words.noObservation}</p>`);
  return [
    section('traffic', words.trafficTitle, [
      judgement(observation, voice),
      requestsFigure(observation, voice),
    ]),
    section('latency', words.latencyTitle, latencyOf(observation, voice)),
  ];
}

function judgement(observation: Observation, { words, format }: Voice): Html {
  const { verdict, reasons, slot, probes, ledgerLooks, compared, rule } = observation;
  const tone = verdict === 'well' ? 'pass' : verdict === 'bad' ? 'fail' : 'unknown';
  const sent =
    probes === null || probes.sent === 0
      ? null
      : words.probes(format.number(probes.sent), format.number(probes.wrong ?? 0));
  const where = slot === null ? null : `${words.slot} ${slot}`;
  const looks = ledgerLooks === null ? null : words.ledgerLooks(format.number(ledgerLooks));
  const whose = compared.length === 0 ? null : words.compared(compared.join(', '));
  const times =
    probes === null || probes.p95Ms === null || probes.oldP95Ms === null
      ? null
      : words.probeTimes(format.duration(probes.p95Ms), format.duration(probes.oldP95Ms));
  const facts = [where, sent, times, looks, whose].filter((each) => each !== null).join(' · ');
  const settings =
    Object.keys(rule).length === 0
      ? null
      : html`<details><summary>${words.rule}</summary>${toldValue(rule, 0)}</details>`;
  return html`<p class="judgement"><span class="badge ${tone}">${words.judgement[verdict ?? 'untold']}</span> <span class="faint">${facts}</span></p>
<ul class="reasons">${reasons.map((reason) => html`<li>${english(reason)}</li>`)}</ul>${settings}`;
}

function requestsFigure({ perSecond }: Observation, voice: Voice): Html {
  const { words } = voice;
  if (perSecond.length === 0) return html`<p class="faint">${words.noPerSecond}</p>`;
  const entries = [
    { name: words.answered, swatch: 'answered' },
    { name: words.failed, swatch: 'failed' },
  ];
  return html`<figure><figcaption>${words.requestsPerSecond}</figcaption>
${requestsChart(perSecond, voice)}${legend(entries)}</figure>
${secondTable(perSecond, voice)}`;
}

function latencyOf(observation: Observation, voice: Voice): HtmlValue {
  const { words, format } = voice;
  const { before, after, perSecond } = observation;
  if (after !== null && isUntimed(before) && isUntimed(after))
    return [comparison(observation, voice), html`<p class="faint">${words.noTimes}</p>`];
  const p95 = (traffic: Traffic | null): string =>
    traffic === null || traffic.p95Ms === null ? words.notTold : `${format.number(traffic.p95Ms)} ms`;
  const lines = latencyChart(perSecond, words.latencyAlt(p95(before), p95(after)), voice);
  const distribution = distributionChart(observation, words.distributionAlt(p95(before), p95(after)), voice);
  return [
    before === null ? html`<p class="faint">${words.noBaseline}</p>` : null,
    comparison(observation, voice),
    perSecond.every(({ p95Ms }) => p95Ms === null)
      ? html`<p class="faint">${words.noPerSecond}</p>`
      : html`<figure><figcaption>${words.latencyPerSecond}</figcaption>
${lines}${legend([
  { name: 'P50', swatch: 'line p50Ms' },
  { name: 'P95', swatch: 'line p95Ms' },
  { name: 'P99', swatch: 'line p99Ms' },
])}</figure>`,
    distribution === null
      ? html`<p class="faint">${words.noHistogram}</p>`
      : html`<figure><figcaption>${words.distribution}</figcaption>
${distribution}${legend([
  ...(before === null ? [] : [{ name: `${words.before} (P95 ${p95(before)})`, swatch: 'area before' }]),
  { name: `${words.after} (P95 ${p95(after)})`, swatch: 'area after' },
])}</figure>`,
  ];
}

/** Recorded, and empty: without a client's request there is nothing to draw. What our own took stands in the reasons. */
function isUntimed(traffic: Traffic | null): boolean {
  return (
    traffic === null || (traffic.histogram.length > 0 && traffic.histogram.every((count) => count === 0))
  );
}

/** Before, after, and by how much: the numbers that the charts draw. */
function comparison({ before, after }: Observation, { words, format }: Voice): Html {
  const cell = (value: number | null | undefined, unit = ''): string =>
    value === null || value === undefined ? '–' : `${format.number(value)}${unit}`;
  const rate = (traffic: Traffic | null): string =>
    traffic?.failed === null || traffic?.failed === undefined || !traffic.requests
      ? '–'
      : format.percent(traffic.failed / traffic.requests);
  const latency = (name: string, key: keyof Percentiles): Html =>
    html`<tr><th scope="row">${name}</th><td>${cell(before?.[key], ' ms')}</td><td>${cell(after?.[key], ' ms')}</td><td>${changeText(before?.[key], after?.[key], format.percent)}</td></tr>`;
  return html`<table class="comparison"><thead><tr><td></td><th scope="col">${words.before}</th><th scope="col">${words.after}</th><th scope="col">${words.change}</th></tr></thead><tbody>
<tr><th scope="row">${words.requests}</th><td>${cell(before?.requests)}</td><td>${cell(after?.requests)}</td><td></td></tr>
<tr><th scope="row">${words.failed}</th><td>${cell(before?.failed)}</td><td>${cell(after?.failed)}</td><td></td></tr>
<tr><th scope="row">${words.failureRate}</th><td>${rate(before)}</td><td>${rate(after)}</td><td></td></tr>
${latency('P50', 'p50Ms')}${latency('P95', 'p95Ms')}${latency('P99', 'p99Ms')}</tbody></table>`;
}

function changeText(
  before: number | null | undefined,
  after: number | null | undefined,
  percent: (share: number) => string,
): string {
  if (!before || after === null || after === undefined) return '–';
  const share = after / before - 1;
  return `${share > 0 ? '+' : ''}${percent(Math.round(share * 100) / 100)}`;
}

/** The charts' numbers for who cannot see them, or wants to add them up. */
function secondTable(seconds: readonly Second[], { words, format }: Voice): Html {
  const cell = (value: number | null): string => (value === null ? '–' : format.number(value));
  return html`<details><summary>${words.secondBySecond}</summary><div class="scroll"><table><thead><tr><th scope="col">${words.second}</th><th scope="col">${words.requests}</th><th scope="col">${words.failed}</th><th scope="col">P50 ms</th><th scope="col">P95 ms</th><th scope="col">P99 ms</th></tr></thead><tbody>
${seconds.map(
  ({ second, requests, failed, p50Ms, p95Ms, p99Ms }) =>
    html`<tr><th scope="row">${second}</th><td>${requests}</td><td>${failed}</td><td>${cell(p50Ms)}</td><td>${cell(p95Ms)}</td><td>${cell(p99Ms)}</td></tr>
`,
)}</tbody></table></div></details>`;
}
