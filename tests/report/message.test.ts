import { expect, test } from 'vitest';
import { acquireLock } from '../../src/plan/lock.ts';
import { messageOf, type ReportMessage } from '../../src/report/message.ts';
import { gatherReport } from '../../src/report/write.ts';
import { goodDeploy, journalled, killedDeploy, RUN, rolledBackDeploy, type Timed } from './runs.ts';

/** What is told while the run still holds the lock. */
async function toldDuring(events: readonly Timed[]): Promise<ReportMessage> {
  const run = journalled(events);
  const request = {
    owner: 'awa@ompay-1',
    machine: 'ompay-1',
    run: RUN,
    reason: 'deploy',
    process: null,
    expiryMs: 60_000,
  };
  acquireLock(run.layout.lock, request, run.clock);
  return messageOf(await gatherReport(run), 'production');
}

function upTo(events: readonly Timed[], type: string, step?: string): Timed[] {
  const last = events.findLastIndex(
    ({ event }) => event.type === type && (step === undefined || ('step' in event && event.step === step)),
  );
  return events.slice(0, last + 1);
}

test('once it was switched to and watched, a release is told as live, before its run is over', async () => {
  const message = await toldDuring(upTo(goodDeploy(), 'step-done', 'observe'));
  expect(message.subject).toBe(
    'OMPAY [production] Déploiement réussi : la version 9b1e04c7aa30 (0.2.0) sert les clients. / Deploy succeeded: release 9b1e04c7aa30 (0.2.0) serves clients.',
  );
  expect(message.facts).toMatchObject({ outcome: 'done', serving: '9b1e04c7aa30', failedRequests: 0 });
  expect(message.text).not.toContain('Last step begun');
});

test('a release that was taken back is told with the error of its step, before its run is over', async () => {
  const message = await toldDuring(upTo(rolledBackDeploy(), 'plan-failed'));
  expect(message.facts).toMatchObject({
    outcome: 'rolledBack',
    serving: '63763e2c0759',
    error: 'the new release is not well: 36 of 1609 requests failed',
  });
  expect(message.text).toContain('switch/observe');
});

test('an undo that failed is told as what it is', async () => {
  const error = { code: 'timeout', message: 'blue did not answer', hint: 'ompay status' };
  const message = await toldDuring(upTo(rolledBackDeploy(error, 'undo-failed'), 'plan-failed'));
  expect(message.facts).toMatchObject({ outcome: 'notRolledBack', serving: null });
});

test('before the switch, and while it is watched, a run is told as running', async () => {
  expect((await toldDuring(killedDeploy('before the switch'))).facts).toMatchObject({ outcome: 'running' });
  expect((await toldDuring(killedDeploy('while watching'))).facts).toMatchObject({ outcome: 'running' });
});
