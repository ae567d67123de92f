import chalk from 'chalk';
import { Listr, type ListrTask } from 'listr2';
import { isoTime } from '../core/clock.ts';
import { shownDuration } from '../core/units.ts';
import type { RunEvent, ShownError } from '../plan/event.ts';
import type { JsonObject } from '../plan/plan.ts';
import type { Output } from './command.ts';

/** Shows a run's events as they come. `end` waits until everything is on the screen. */
export interface Renderer {
  show(event: RunEvent, at: { readonly run: string; readonly nowMs: number }): void;
  end(): Promise<void>;
}

export function createRenderer(output: Output): Renderer {
  return output.json || !output.isTerminal ? jsonRenderer(output) : liveRenderer(output);
}

function jsonRenderer(output: Output): Renderer {
  return {
    show: (event, { run, nowMs }) =>
      output.write(`${JSON.stringify({ at: isoTime(nowMs), run, ...event })}\n`),
    end: async () => {},
  };
}

interface LiveStep {
  readonly title: string;
  readonly end: PromiseWithResolvers<StepEnd>;
}

type StepEnd =
  | { readonly kind: 'done' | 'skipped'; readonly words: string }
  | { readonly kind: 'failed'; readonly words: string };

/** listr2's live list, one list a plan, in the order in which the plans came. */
function liveRenderer(output: Output): Renderer {
  let steps = new Map<string, LiveStep>();
  let shown: Promise<unknown> = Promise.resolve();
  function print(line: string): void {
    shown = shown.then(() => output.write(`${line}\n`));
  }
  return {
    show: (event) => {
      if (event.type === 'plan-started') {
        const own = event.steps.map(({ step, title }): [string, LiveStep] => [
          `${event.plan} ${step}`,
          { end: Promise.withResolvers<StepEnd>(), title },
        ]);
        // Of several hosts a plan each runs at once: none takes the place of another.
        steps = new Map([...steps, ...own]);
        const list = liveList(
          event.title,
          own.map(([, step]) => step),
        );
        shown = shown.then(() => list.run()).catch(() => {});
        return;
      }
      settleStep(steps, event);
      for (const line of linesOf(event)) print(line);
    },
    end: async () => {
      for (const step of steps.values()) step.end.resolve(NOT_RUN);
      await shown;
    },
  };
}

const NOT_RUN: StepEnd = { kind: 'skipped', words: 'not run' };

function liveList(title: string, steps: readonly LiveStep[]): Listr {
  const tasks = steps.map(
    (step): ListrTask => ({
      title: step.title,
      task: async (_context, task) => {
        const { kind, words } = await step.end.promise;
        if (kind === 'failed') throw new Error(words);
        if (kind === 'skipped') task.skip(`${step.title} ${chalk.dim(`— ${words}`)}`);
        else task.title = `${step.title} ${chalk.dim(words)}`;
      },
    }),
  );
  return new Listr(
    [{ title, task: (_context, task) => task.newListr(tasks, { concurrent: false, exitOnError: false }) }],
    {
      exitOnError: false,
      // Its own handler ends the process on Ctrl-C; ours undoes what was begun first.
      registerSignalListeners: false,
      rendererOptions: { collapseSubtasks: false, collapseErrors: false },
    },
  );
}

function settleStep(steps: ReadonlyMap<string, LiveStep>, event: RunEvent): void {
  if (event.type === 'step-done') {
    const words = [shownOutput(event.output), `(${shownDuration(event.durationMs)})`]
      .filter((text) => text !== '')
      .join(' ');
    steps
      .get(`${event.plan} ${event.step}`)
      ?.end.resolve({ kind: 'done', words: shownOutput(event.output) === '' ? words : `— ${words}` });
  }
  if (event.type === 'step-skipped')
    steps.get(`${event.plan} ${event.step}`)?.end.resolve({ kind: 'skipped', words: 'nothing to do' });
  if (event.type === 'step-failed')
    steps
      .get(`${event.plan} ${event.step}`)
      ?.end.resolve({ kind: 'failed', words: firstLine(event.error.message) });
  const over = event.type === 'plan-failed' ? `${event.plan} ` : event.type === 'run-done' ? '' : undefined;
  for (const [key, { end }] of steps) if (over !== undefined && key.startsWith(over)) end.resolve(NOT_RUN);
}

/** Handlers put the words for people under `shown`. */
function shownOutput(output: JsonObject): string {
  return typeof output.shown === 'string' ? output.shown : '';
}

function linesOf(event: RunEvent): string[] {
  if (event.type === 'undo-started') return [chalk.yellow(`↩ undoing ${event.step}`)];
  if (event.type === 'undo-failed')
    return [chalk.red(`✖ undoing ${event.step} failed: ${event.error.message}`)];
  if (event.type === 'note') return [chalk.dim(event.text)];
  if (event.type === 'run-done') return [summaryLine(event.exitCode, event.summary, event.durationMs)];
  return [];
}

function summaryLine(exitCode: number, summary: string, durationMs: number): string {
  const mark = exitCode === 0 || exitCode === 42 ? chalk.green('✔') : chalk.red('✖');
  return `${mark} ${firstLine(summary)} ${chalk.dim(`(${shownDuration(durationMs)})`)}`;
}

/** Of what is told whole elsewhere: an error by the end of its run. */
export function firstLine(text: string): string {
  return text.split(':\n', 1).join('').split('\n', 1).join('');
}

/** An error on a terminal: what, and what to type next. */
export function shownErrorText(error: ShownError): string {
  return `${chalk.red('error:')} ${error.message}\n  ${chalk.bold('next:')} ${error.hint}\n`;
}

export interface Column {
  readonly title: string;
  readonly values: readonly string[];
}

/** Columns side by side, padded; the head is bold on a terminal. */
export function table(columns: readonly Column[]): string {
  const widths = columns.map((column) =>
    Math.max(column.title.length, ...column.values.map((value) => value.length)),
  );
  const rows = Math.max(0, ...columns.map((column) => column.values.length));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  const head = chalk.bold(line(columns.map((column) => column.title)));
  const body = Array.from({ length: rows }, (_, row) =>
    line(columns.map((column) => column.values[row] ?? '')),
  );
  return `${[head, ...body].join('\n')}\n`;
}

export const paint = {
  good: (text: string) => chalk.green(text),
  bad: (text: string) => chalk.red(text),
  warn: (text: string) => chalk.yellow(text),
  faint: (text: string) => chalk.dim(text),
  strong: (text: string) => chalk.bold(text),
};

const COLOURS = [chalk.cyan, chalk.magenta, chalk.blue, chalk.yellow, chalk.green] as const;

/** A colour for the nth of several, the same for each n. */
export function paintOf(index: number): (text: string) => string {
  return COLOURS[Math.max(0, index) % COLOURS.length] ?? chalk.white;
}
