import { expect, onTestFinished, test } from 'vitest';
import type { ReportOutcome } from '../../../src/api/metrics/process.ts';
import { openReporter } from '../../../src/api/sentry/open.ts';
import { Secret } from '../../../src/core/secret.ts';
import { type ManualClock, manualClock } from '../../fixtures/clock.ts';
import { type SentryServer, startSentry } from '../../fixtures/sentry.ts';

const LOCAL = { release: 'r1', environment: 'staging' } as const;
const WHERE = { kind: 'internal', route: '/api/ompay/transfer', requestId: 'request-1' };

async function open(sentry: SentryServer, clock: ManualClock = manualClock()) {
  const outcomes: ReportOutcome[] = [];
  const onOutcome = (outcome: ReportOutcome) => outcomes.push(outcome);
  const reporter = await openReporter({ ...LOCAL, sentryDsn: new Secret(sentry.dsn) }, { clock, onOutcome });
  onTestFinished(() => reporter.close(100));
  return { reporter, outcomes };
}

test('an error leaves with its causes, release and place, and with nothing of anybody', async () => {
  const sentry = await startSentry();
  const { reporter, outcomes } = await open(sentry);
  const cause = Object.assign(new TypeError('Key (telephone)=(+221771234567) exists'), {
    parameters: ['Awa', 'Diop'],
    headers: { authorization: 'Bearer abc' },
  });
  reporter.report(Object.assign(new Error('outer', { cause }), { body: { pin: '4826' } }), WHERE);
  await expect.poll(() => outcomes).toEqual(['sent']);
  const [event] = sentry.events();
  expect(event).toMatchObject({
    level: 'error',
    release: 'r1',
    environment: 'staging',
    tags: { kind: 'internal', route: '/api/ompay/transfer', request_id: 'request-1' },
    exception: {
      values: [
        { type: 'TypeError', value: 'Key (telephone)=([telephone]) exists' },
        { type: 'Error', value: 'outer' },
      ],
    },
  });
  const frames = event?.exception.values[1]?.stacktrace?.frames ?? [];
  expect(frames.at(-1)?.filename).toBe('sentry.test.ts');
  for (const personal of ['77123', 'Awa', 'Bearer', '4826', process.cwd()]) {
    expect(sentry.envelopes.join('')).not.toContain(personal);
  }
});

test('what ended the process is fatal, and what was thrown may be anything', async () => {
  const sentry = await startSentry();
  const { reporter, outcomes } = await open(sentry);
  const round = new Error('round');
  round.cause = round;
  reporter.report('781234567', { kind: 'unhandledRejection' });
  reporter.report(round, { kind: 'uncaughtException' });
  reporter.report(Object.assign(new Error('bare'), { stack: undefined }), { kind: 'uncaughtException' });
  await expect.poll(() => outcomes).toHaveLength(3);
  const told = sentry.events().map(({ level, exception }) => [level, exception.values.length]);
  expect(told.toSorted(([, left], [, right]) => Number(left) - Number(right))).toEqual([
    ['fatal', 1],
    ['fatal', 1],
    ['fatal', 5],
  ]);
  expect(sentry.envelopes.join('')).toContain('"value":"[telephone]"');
});

test('one error that fails many requests is told once, and of one kind few a minute', async () => {
  const sentry = await startSentry();
  const clock = manualClock();
  const { reporter, outcomes } = await open(sentry, clock);
  const shared = new Error('the database is away');
  for (let count = 0; count < 100; count += 1) reporter.report(shared, WHERE);
  for (let count = 0; count < 20; count += 1) reporter.report(new Error(`no ${count}`), WHERE);
  reporter.report(new Error('another'), { kind: 'databaseAway', route: '/x' });
  await expect.poll(() => outcomes.filter((outcome) => outcome === 'sent')).toHaveLength(11);
  expect(outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(11);
  clock.pass(60_000);
  reporter.report(new Error('later'), WHERE);
  await expect.poll(() => sentry.envelopes).toHaveLength(12);
});

test('a Sentry that fails, is away, or asks for a pause is borne, and its wishes are heeded', async () => {
  const sentry = await startSentry();
  const { reporter, outcomes } = await open(sentry);
  sentry.answer({ status: 500 });
  reporter.report(new Error('first'), WHERE);
  await expect.poll(() => outcomes).toEqual(['failed']);
  sentry.answer({ status: 429, headers: { 'retry-after': '60' } });
  reporter.report(new Error('second'), WHERE);
  await expect.poll(() => outcomes).toEqual(['failed', 'failed']);
  reporter.report(new Error('third'), WHERE);
  await expect.poll(() => outcomes).toEqual(['failed', 'failed', 'dropped']);
  expect(sentry.envelopes).toHaveLength(2);
  const away = await open({ ...sentry, dsn: 'http://0123456789abcdef@127.0.0.1:1/42' });
  away.reporter.report(new Error('nowhere'), WHERE);
  await expect.poll(() => away.outcomes).toEqual(['failed']);
});

test('a Sentry that does not answer keeps nobody, and what is on its way is bounded', async () => {
  const sentry = await startSentry();
  sentry.answer('silent');
  const { reporter, outcomes } = await open(sentry);
  for (let kind = 0; kind < 20; kind += 1) {
    reporter.report(new Error(`no ${kind}`), { kind: `kind ${kind}` });
  }
  // Sixteen are on their way; the rest is dropped.
  await expect.poll(() => outcomes).toEqual(['dropped', 'dropped', 'dropped', 'dropped']);
  // It answers never: what waited for it would not end.
  await reporter.close(200);
});

test('without an address nothing is loaded, and nothing leaves', async () => {
  const outcomes: ReportOutcome[] = [];
  const parts = { clock: manualClock(), onOutcome: (outcome: ReportOutcome) => outcomes.push(outcome) };
  const reporter = await openReporter({ ...LOCAL, sentryDsn: null }, parts);
  reporter.report(new Error('x'), WHERE);
  await reporter.close(100);
  expect(outcomes).toEqual([]);
});
