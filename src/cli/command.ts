import type { Command } from 'commander';
import type { Clock } from '../core/clock.ts';
import type { Layout } from '../core/layout.ts';

/** A line of the list of commands: enough for `--help`, without reading the command's own file. */
export interface CommandEntry {
  /** `backup create`: the words that are typed, which are also the path of its file under src/cli. */
  readonly words: string;
  readonly summary: string;
  readonly group: 'Every day' | 'Operate' | 'Look' | 'Help';
  readonly load: () => Promise<CommandModule>;
}

/** What a command's file exports. */
export interface CommandModule {
  /** Adds arguments and options. */
  configure(command: Command): void;
  /** Gives the exit code of the process; throws OmpayError for what a person can mend. */
  run(invocation: Invocation): Promise<number>;
}

/** What was typed, and where. */
export interface Invocation {
  readonly command: Command;
  readonly args: readonly string[];
  readonly layout: Layout;
  /** The folder of the program itself: its source is what `deploy` builds. */
  readonly programRoot: string;
  /** Of the package. */
  readonly version: string;
  readonly clock: Clock;
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT and SIGTERM, with an OmpayError `interrupted`. */
  readonly signal: AbortSignal;
}

export interface Output {
  /** One JSON event a line instead of text: `--json`, and for operations also when stdout is not a terminal. */
  readonly json: boolean;
  readonly isTerminal: boolean;
  write(text: string): void;
  /** From now on a reader that goes away (`| head`) does not end the command: what it does is worth more than its words. */
  outliveReader(): void;
}

/** The option's value as text, or undefined when it was not given. */
export function textOption(command: Command, name: string): string | undefined {
  const value: unknown = command.opts()[name];
  return typeof value === 'string' ? value : undefined;
}

export function hasOption(command: Command, name: string): boolean {
  return command.opts()[name] === true;
}
