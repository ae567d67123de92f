import type { RunEvent } from '../plan/event.ts';
import type { Json, JsonObject } from '../plan/plan.ts';
import { choiceIn, listIn, numberIn, objectIn, textIn, textsIn } from './fields.ts';
import type { CheckVerdict, Observation, Percentiles, ReportedCheck, Second, Traffic } from './types.ts';

type Evidence = Extract<RunEvent, { readonly type: 'evidence' }>;

/** The charts and the page stay readable, whatever a step wrote. */
const MAX_SECONDS = 3600;

/** The newest verdict of each check: one that was looked at twice counts once. */
export function checksIn(evidence: readonly Evidence[]): ReportedCheck[] {
  const byName = new Map<string, ReportedCheck>();
  for (const { kind, data } of evidence) {
    if (kind !== 'check') continue;
    const check = checkIn(data);
    byName.set(`${check.checklist}/${check.check}`, check);
  }
  return [...byName.values()];
}

function checkIn(data: JsonObject): ReportedCheck {
  const name = textIn(data.check) ?? '?';
  const title = objectIn(data.title) ?? {};
  return {
    checklist: textIn(data.checklist) ?? '?',
    check: name,
    title: { fr: textIn(title.fr) ?? name, en: textIn(title.en) ?? name },
    severity: textIn(data.severity),
    verdict: verdictIn(objectIn(data.verdict) ?? {}),
  };
}

function verdictIn(verdict: JsonObject): CheckVerdict {
  return {
    // A verdict that cannot be read is no pass.
    kind: choiceIn(verdict.kind, ['pass', 'fail', 'unknown', 'waived']) ?? 'unknown',
    observed: textIn(verdict.observed),
    expected: textIn(verdict.expected),
    why: textIn(verdict.why),
    hint: textIn(verdict.hint),
    by: textIn(verdict.by),
    reason: textIn(verdict.reason),
    until: textIn(verdict.until),
  };
}

export function observationsIn(evidence: readonly Evidence[]): Observation[] {
  return evidence.flatMap(({ kind, data }) => (kind === 'observation' ? [observationIn(data)] : []));
}

function observationIn(data: JsonObject): Observation {
  return {
    slot: textIn(data.slot),
    verdict: choiceIn(data.verdict, ['well', 'bad', 'inconclusive']),
    reasons: textsIn(data.reasons),
    before: trafficIn(data.baseline),
    after: trafficIn(data.after),
    boundsMs: numbersIn(data.bounds),
    perSecond: secondsIn(data.perSecond),
    probes: probesIn(data.probes),
    ledgerLooks: numberIn(data.ledgerLooks),
    compared: textsIn(data.comparedLatency),
    rule: objectIn(data.rule) ?? {},
  };
}

function trafficIn(value: Json | undefined): Traffic | null {
  const traffic = objectIn(value);
  if (traffic === null) return null;
  return {
    requests: numberIn(traffic.requests),
    failed: numberIn(traffic.failed),
    ...percentilesIn(traffic),
    histogram: numbersIn(traffic.histogram),
  };
}

function probesIn(value: Json | undefined): Observation['probes'] {
  const probes = objectIn(value);
  const sent = numberIn(value) ?? numberIn(probes?.sent);
  if (sent === null) return null;
  return {
    sent,
    wrong: numberIn(probes?.wrong),
    p95Ms: numberIn(probes?.p95Ms),
    oldP95Ms: numberIn(probes?.oldP95Ms),
  };
}

function secondsIn(value: Json | undefined): Second[] {
  const seconds = listIn(value)
    .map((each) => secondIn(objectIn(each) ?? {}))
    .filter((each) => each !== null)
    .sort((a, b) => a.second - b.second)
    .slice(-MAX_SECONDS);
  // A watch may count its seconds from 1; here a second is named by its beginning.
  const isFromOne = seconds.some(({ second }) => second === 1) && !seconds.some(({ second }) => second === 0);
  return isFromOne
    ? seconds.map((each) => (each.second > 0 ? { ...each, second: each.second - 1 } : each))
    : seconds;
}

function secondIn(point: JsonObject): Second | null {
  const second = numberIn(point.second);
  if (second === null) return null;
  const [requests, failed] = [numberIn(point.requests) ?? 0, numberIn(point.failed) ?? 0];
  const lastsSeconds = Math.max(1, numberIn(point.lastsSeconds) ?? 1);
  return { second, lastsSeconds, requests, failed, ...percentilesIn(point) };
}

function percentilesIn(from: JsonObject): Percentiles {
  return { p50Ms: numberIn(from.p50Ms), p95Ms: numberIn(from.p95Ms), p99Ms: numberIn(from.p99Ms) };
}

function numbersIn(value: Json | undefined): number[] {
  return listIn(value).filter((item) => typeof item === 'number');
}

/** What the steps about migrations saw, as they told it. */
export function migrationEvidenceIn(evidence: readonly Evidence[]): JsonObject[] {
  return evidence.flatMap(({ kind, data }) => (kind === 'migration' ? [data] : []));
}
