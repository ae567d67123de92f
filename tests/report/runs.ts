import { type Layout, localLayout } from '../../src/core/layout.ts';
import type { RunEvent, ShownError } from '../../src/plan/event.ts';
import { journalFiles, openJournal } from '../../src/plan/journal.ts';
import type { JsonObject } from '../../src/plan/plan.ts';
import { type ManualClock, manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { CHECKS } from './checks.ts';
import { observation } from './observation.ts';

export const RUN = '01M82DMEDT7G8BZ9ENVFF41X14';

/** An event, and how much time has passed since the one before. */
export interface Timed {
  readonly event: RunEvent;
  readonly afterMs?: number;
}

export interface Journalled {
  readonly layout: Layout;
  readonly clock: ManualClock;
  readonly run: string;
}

/** A real journal, chained and signed, that holds one run; each event at its time. */
export function journalled(events: readonly Timed[], run = RUN, folder = temporaryFolder()): Journalled {
  const layout = localLayout(folder);
  const clock = manualClock(Date.UTC(2026, 10, 22, 20, 2, 20));
  const journal = openJournal(journalFiles(layout), { run, by: 'awa@ompay-1' }, clock);
  for (const { event, afterMs = 0 } of events) {
    clock.pass(afterMs);
    journal.append(event);
  }
  return { layout, clock, run };
}

/** A phase whose steps take the given times and give the given outputs. */
export function phase(
  plan: string,
  steps: readonly {
    readonly step: string;
    readonly title: string;
    readonly ms: number;
    readonly output?: JsonObject;
  }[],
): Timed[] {
  const titles = steps.map(({ step, title }) => ({ step, title }));
  const durationMs = steps.reduce((sum, { ms }) => sum + ms, 0);
  return [
    { event: { type: 'plan-started', plan, title: plan, steps: titles } },
    ...steps.flatMap(({ step, title, ms, output = {} }): Timed[] => [
      { event: { type: 'step-started', plan, step, title } },
      { event: { type: 'step-done', plan, step, durationMs: ms, output }, afterMs: ms },
    ]),
    { event: { type: 'plan-done', plan, durationMs } },
  ];
}

export const RELEASES = {
  from: { id: '63763e2c0759', version: '0.1.0', commit: '1f0a99c2d4e1' },
  to: { id: '9b1e04c7aa30', version: '0.2.0', commit: 'e38eadd0c511+changes' },
} as const;

export function started(command = 'deploy'): Timed[] {
  return [
    { event: { type: 'run-started', command, title: 'Deploy', input: { port: 8080, observeMs: 8000 } } },
    {
      event: {
        type: 'note',
        text: `from ${RELEASES.from.id} to ${RELEASES.to.id}`,
        data: { releases: { ...RELEASES } },
      },
    },
  ];
}

const LOCK = phase('lock', [
  { step: 'acquire', title: 'take the lock', ms: 5, output: { token: 7, shown: 'token 7' } },
]);
const BEFORE_SWITCH: readonly Timed[] = [
  ...LOCK,
  ...phase('preflight', [
    { step: 'disk', title: 'there is room on the disk', ms: 2, output: { shown: '83.7 GB free' } },
    { step: 'config', title: "the API's environment is complete", ms: 5 },
  ]),
  ...phase('backup', [
    {
      step: 'create',
      title: 'back up the database',
      ms: 940,
      output: {
        backup: '01M82DM-local',
        method: 'snapshot',
        captureMs: 610,
        readBackMs: 330,
        sizeBytes: 5_713_220,
      },
    },
  ]),
  ...phase('build', [
    {
      step: 'release',
      title: 'bundle the API',
      ms: 12,
      output: { release: RELEASES.to.id, shown: '4.1 MB' },
    },
    { step: 'start', title: 'it starts in a folder without node_modules', ms: 242 },
  ]),
  ...phase('migrate', [
    {
      step: 'backup',
      title: 'the backup starts, and its ledger is proven',
      ms: 2310,
      output: { backup: '01M82DM-local', checks: 14, startMs: 1450, proveMs: 820 },
    },
    {
      step: 'expand',
      title: 'apply the expand steps that are missing',
      ms: 217,
      output: { applied: ['0002', '0003'] },
    },
  ]),
  ...phase('prepare', [
    { step: 'start', title: 'start 9b1e04c7aa30 in green', ms: 475 },
    { step: 'smoke', title: 'register, OTP, deposit', ms: 818, output: { shown: 'debits = credits' } },
  ]),
];

const SWITCH_STEPS = [
  { step: 'switch', title: 'point current.sock at green' },
  { step: 'drain', title: 'blue finishes what it has begun' },
  { step: 'observe', title: 'watch what users see for 8 s' },
];

function switching(): Timed[] {
  return [
    { event: { type: 'plan-started', plan: 'switch', title: 'Switch to green', steps: SWITCH_STEPS } },
    { event: { type: 'step-started', plan: 'switch', step: 'switch', title: 'point current.sock at green' } },
    {
      event: {
        type: 'step-done',
        plan: 'switch',
        step: 'switch',
        durationMs: 9,
        output: { switchMicroseconds: 11, shown: '11 µs' },
      },
      afterMs: 9,
    },
    {
      event: {
        type: 'step-started',
        plan: 'switch',
        step: 'drain',
        title: 'blue finishes what it has begun',
      },
    },
    {
      event: { type: 'step-done', plan: 'switch', step: 'drain', durationMs: 31, output: { drainMs: 31 } },
      afterMs: 31,
    },
    {
      event: { type: 'step-started', plan: 'switch', step: 'observe', title: 'watch what users see for 8 s' },
    },
  ];
}

const OBSERVE_ERROR: ShownError = {
  code: 'checkBlocked',
  message: 'the new release is not well: 36 of 1609 requests failed',
  hint: 'read what it wrote: ompay logs',
};

function observed(verdict: 'well' | 'bad'): Timed {
  return {
    event: {
      type: 'evidence',
      plan: 'switch',
      step: 'observe',
      kind: 'observation',
      data: observation(verdict),
    },
    afterMs: 8000,
  };
}

export function goodDeploy(): Timed[] {
  return [
    ...started(),
    ...BEFORE_SWITCH,
    ...CHECKS.slice(0, 4),
    ...switching(),
    observed('well'),
    {
      event: {
        type: 'step-done',
        plan: 'switch',
        step: 'observe',
        durationMs: 8003,
        output: { requests: 1609, failedRequests: 0, shown: '1609 requests seen' },
      },
    },
    { event: { type: 'plan-done', plan: 'switch', durationMs: 8050 } },
    ...phase('prune', [{ step: 'backups', title: 'keep the newest backups', ms: 23 }]),
    {
      event: {
        type: 'run-done',
        exitCode: 0,
        durationMs: 13_120,
        summary: 'release 9b1e04c7aa30 is live',
        data: {
          release: RELEASES.to.id,
          previous: RELEASES.from.id,
          requests: 1609,
          failedRequests: 0,
          switchMicroseconds: 11,
          drainMs: 31,
        },
      },
    },
  ];
}

/** A deploy whose observation said no, so that the old slot is live again. */
export function rolledBackDeploy(
  error: ShownError = OBSERVE_ERROR,
  undo: 'undo-done' | 'undo-failed' = 'undo-done',
): Timed[] {
  const name = { plan: 'switch', step: 'switch' };
  const isBack = undo === 'undo-done';
  return [
    ...started(),
    ...BEFORE_SWITCH,
    ...CHECKS,
    ...switching(),
    observed('bad'),
    { event: { type: 'step-failed', plan: 'switch', step: 'observe', durationMs: 8010, error } },
    { event: { type: 'undo-started', ...name } },
    {
      event: isBack ? { type: 'undo-done', ...name } : { type: 'undo-failed', ...name, error },
      afterMs: 260,
    },
    { event: { type: 'plan-failed', plan: 'switch', durationMs: 8330 } },
    {
      event: {
        type: 'run-done',
        exitCode: isBack ? 5 : 6,
        durationMs: 13_400,
        summary: `rolled back: ${error.message}`,
        data: {
          error: {
            code: isBack ? 'rolledBack' : 'notRolledBack',
            message: `rolled back: ${error.message}`,
            hint: 'the release before serves again; read why: ompay logs, ompay audit list',
          },
        },
      },
    },
  ];
}

/** The journal of a run that was killed while it migrated, or while it watched. */
export function killedDeploy(when: 'before the switch' | 'while watching'): Timed[] {
  if (when === 'while watching') return [...started(), ...BEFORE_SWITCH, ...switching()];
  const all = [...started(), ...BEFORE_SWITCH];
  const expand = all.findIndex(({ event }) => event.type === 'step-started' && event.step === 'expand');
  return all.slice(0, expand + 1);
}
