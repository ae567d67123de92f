import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/plan/event.ts';
import { journalFiles } from '../../src/plan/journal.ts';
import { acquireLock } from '../../src/plan/lock.ts';
import type { RunReport } from '../../src/report/types.ts';
import { gatherReport } from '../../src/report/write.ts';
import { checkEvidence } from './checks.ts';
import {
  goodDeploy,
  type Journalled,
  journalled,
  killedDeploy,
  RELEASES,
  RUN,
  rolledBackDeploy,
  started,
  type Timed,
} from './runs.ts';

async function reportOf(events: readonly Timed[]): Promise<RunReport> {
  return gatherReport(journalled(events));
}

const from = { state: 'release', ...RELEASES.from };
const to = { state: 'release', ...RELEASES.to };

function ended(code: string, exitCode: number): Timed {
  const data = { error: { code, message: 'it went wrong', hint: 'ompay status' } };
  return { event: { type: 'run-done', exitCode, durationMs: 10, summary: 'it went wrong', data } };
}

test('a good deploy tells who, when, from what to what, and what serves now', async () => {
  expect(await reportOf(goodDeploy())).toMatchObject({
    kind: 'ompay-report',
    schema: 1,
    run: RUN,
    command: 'deploy',
    by: 'awa@ompay-1',
    startedAt: '2026-11-22T20:02:20.000Z',
    endedAt: '2026-11-22T20:02:33.089Z',
    durationMs: 13_120,
    outcome: 'done',
    exitCode: 0,
    failure: null,
    stoppedAt: null,
    releases: { from, to },
    serving: to,
    figures: { requests: 1609, failedRequests: 0, switchMicroseconds: 11, drainMs: 31 },
    backup: { id: '01M82DM-local', sizeBytes: 5_713_220, checks: 14 },
    migrations: { applied: ['0002', '0003'] },
    proof: { firstSeq: 1, brokenSeqs: [] },
  });
});

test('the phases are in order, with each step at its time', async () => {
  const { phases } = await reportOf(goodDeploy());
  expect(phases.map(({ plan, state }) => `${plan} ${state}`)).toEqual([
    'lock done',
    'preflight done',
    'backup done',
    'build done',
    'migrate done',
    'prepare done',
    'switch done',
    'prune done',
  ]);
  expect(phases[2]).toMatchObject({
    startMs: 12,
    durationMs: 940,
    steps: [{ step: 'create', state: 'done', startMs: 12, durationMs: 940 }],
  });
});

test('a deploy that users felt is told with its step, its undo, its evidence, and the release before serving', async () => {
  const report = await reportOf(rolledBackDeploy());
  expect(report).toMatchObject({
    outcome: 'rolledBack',
    exitCode: 5,
    failure: { step: { plan: 'switch', step: 'observe' }, error: { code: 'rolledBack' } },
    serving: from,
    figures: { requests: 1609, failedRequests: 36 },
    observations: [{ slot: 'green', verdict: 'bad', before: { p95Ms: 19.4 }, after: { failed: 36 } }],
  });
  expect(report.phases.at(-1)).toMatchObject({
    state: 'failed',
    undos: [{ step: 'switch', state: 'done', durationMs: 260 }],
  });
});

test('what serves is not known when the undo failed too', async () => {
  const error = { code: 'timeout', message: 'blue did not answer', hint: 'ompay status' };
  const report = await reportOf(rolledBackDeploy(error, 'undo-failed'));
  expect(report).toMatchObject({ outcome: 'notRolledBack', serving: { state: 'unknown' } });
  expect(report.phases.at(-1)?.undos).toMatchObject([
    { state: 'failed', error: { message: 'blue did not answer' } },
  ]);
});

test.each([
  { code: 'checkBlocked', exitCode: 3, outcome: 'blocked', serving: from },
  { code: 'lockHeld', exitCode: 4, outcome: 'busy', serving: { state: 'unknown' } },
  { code: 'lockLost', exitCode: 4, outcome: 'failed', serving: { state: 'unknown' } },
  { code: 'interrupted', exitCode: 130, outcome: 'interrupted', serving: from },
  { code: 'commandFailed', exitCode: 6, outcome: 'failed', serving: from },
])(
  'a run that ends with $code before the switch is $outcome',
  async ({ code, exitCode, outcome, serving }) => {
    expect(await reportOf([...started(), ended(code, exitCode)])).toMatchObject({
      outcome,
      exitCode,
      serving,
    });
  },
);

test('a failure after the switch leaves the new release serving', async () => {
  const good = goodDeploy();
  const report = await reportOf([...good.slice(0, -1), ended('stateUnusable', 2)]);
  expect(report).toMatchObject({ outcome: 'failed', serving: to });
});

test('a deploy of what was live already changed nothing', async () => {
  const data = { release: RELEASES.to.id, previous: RELEASES.to.id };
  const done: Timed = {
    event: { type: 'run-done', exitCode: 42, durationMs: 9, summary: 'nothing to do', data },
  };
  const [first] = started();
  if (first === undefined) throw new Error('no beginning');
  expect(await reportOf([first, done])).toMatchObject({
    outcome: 'unchanged',
    serving: { state: 'release', id: RELEASES.to.id, commit: null },
  });
});

test('a run that was killed before the switch stopped at its step, and the old release serves', async () => {
  expect(await reportOf(killedDeploy('before the switch'))).toMatchObject({
    outcome: 'killed',
    endedAt: null,
    durationMs: null,
    exitCode: null,
    stoppedAt: { plan: 'migrate', step: 'expand' },
    serving: from,
  });
});

test('a run that was killed while it watched proves neither release', async () => {
  expect(await reportOf(killedDeploy('while watching'))).toMatchObject({
    outcome: 'killed',
    stoppedAt: { plan: 'switch', step: 'observe' },
    serving: { state: 'unknown' },
  });
});

test('a run whose process lives is running, not killed', async () => {
  const run = journalled(killedDeploy('while watching'));
  const request = {
    owner: 'awa@ompay-1',
    machine: 'ompay-1',
    run: RUN,
    reason: 'deploy',
    process: null,
    expiryMs: 60_000,
  };
  acquireLock(run.layout.lock, request, run.clock);
  expect(await gatherReport(run)).toMatchObject({ outcome: 'running' });
  run.clock.pass(60_001);
  expect(await gatherReport(run)).toMatchObject({ outcome: 'killed' });
});

test('evidence of another shape is told as absent, and an unreadable verdict is no pass', async () => {
  const odd: RunEvent = {
    type: 'evidence',
    plan: 'switch',
    step: 'observe',
    kind: 'observation',
    data: { verdict: 7 },
  };
  const report = await reportOf([
    ...started(),
    { event: odd },
    checkEvidence({ check: 'tests-pass', verdict: 'pass' }),
    ended('commandFailed', 6),
  ]);
  expect(report.observations).toEqual([
    {
      slot: null,
      verdict: null,
      reasons: [],
      before: null,
      after: null,
      boundsMs: [],
      perSecond: [],
      probes: null,
      ledgerLooks: null,
      compared: [],
      rule: {},
    },
  ]);
  expect(report.checks).toMatchObject([
    { checklist: '?', check: 'tests-pass', verdict: { kind: 'unknown' } },
  ]);
});

test('seconds that a watch counts from 1 are named by their beginning, and points of several seconds say so', async () => {
  const perSecond = [
    { second: -1, requests: 4, failed: 0 },
    { second: 1, requests: 5, failed: 0 },
    { second: 2, requests: 12, failed: 1, lastsSeconds: 2 },
  ];
  const watched: RunEvent = {
    type: 'evidence',
    plan: 'switch',
    step: 'observe',
    kind: 'observation',
    data: { perSecond },
  };
  const report = await reportOf([...started(), { event: watched }]);
  expect(report.observations[0]?.perSecond.map(({ second, lastsSeconds }) => [second, lastsSeconds])).toEqual(
    [
      [-1, 1],
      [0, 1],
      [1, 2],
    ],
  );
});

test('a check that was looked at twice counts once, with its newest verdict', async () => {
  const look = (kind: string): Timed =>
    checkEvidence({ checklist: 'deploy', check: 'smoke', verdict: { kind } });
  const report = await reportOf([...started(), look('unknown'), look('pass'), ended('commandFailed', 6)]);
  expect(report.checks.map(({ verdict }) => verdict.kind)).toEqual(['pass']);
});

test("lines of other runs are not the run's", async () => {
  const run = journalled(goodDeploy());
  journalled(
    [{ event: { type: 'note', text: 'by hand', data: {} } }],
    '01NOTE00000000000000000000',
    run.layout.root,
  );
  const { notes } = await gatherReport(run);
  expect(notes.map(({ text }) => text)).toEqual([`from ${RELEASES.from.id} to ${RELEASES.to.id}`]);
});

function tamper({ layout }: Journalled): void {
  const { lines } = journalFiles(layout);
  writeFileSync(lines, readFileSync(lines, 'utf8').replace('"checks":14', '"checks":15'));
}

test('a line that was changed afterwards is named', async () => {
  const run = journalled(goodDeploy());
  tamper(run);
  const report = await gatherReport(run);
  expect(report.proof.brokenSeqs).toHaveLength(1);
  expect(report.proof.brokenSeqs[0]).toBeGreaterThan(1);
});

test('the same journal gives the same report', async () => {
  const run = journalled(rolledBackDeploy());
  expect(await gatherReport(run)).toEqual(await gatherReport(run));
});

test.each([
  ['good', goodDeploy()],
  ['rolled back', rolledBackDeploy()],
  ['killed', killedDeploy('before the switch')],
])('the report of a %s deploy has the shape of docs/report.schema.json', async (_name, events) => {
  const schema: unknown = JSON.parse(
    readFileSync(new URL('../../docs/report.schema.json', import.meta.url), 'utf8'),
  );
  if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no object');
  const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
  validate(await reportOf(events));
  expect(validate.errors).toBeNull();
});
