import { Command, CommanderError } from 'commander';
import { OmpayError } from '../core/errors.ts';
import type { CommandEntry, CommandModule } from './command.ts';

export interface ParsedCommand {
  readonly module: CommandModule;
  readonly command: Command;
  readonly args: readonly string[];
}

export interface GlobalOptions {
  readonly directory: string | undefined;
  readonly json: boolean;
}

/** The outcome of reading argv: a command to run, or text that was asked for and printed (help, version). */
export type Parsed =
  | { readonly kind: 'run'; readonly parsed: ParsedCommand; readonly options: GlobalOptions }
  | { readonly kind: 'printed' };

/**
 * Reads argv. Only the file of the command that was typed is loaded, so `--help` costs no more than the list.
 * Throws OmpayError `usage` with commander's message and the help command that fits.
 */
export async function parse(
  argv: readonly string[],
  entries: readonly CommandEntry[],
  version: string,
): Promise<Parsed> {
  const program = rootCommand(version);
  const found: { parsed?: ParsedCommand } = {};
  const wanted = wantedEntry(argv, entries);
  for (const entry of entries) {
    const command = childAt(program, entry);
    if (entry !== wanted) continue;
    const module = await entry.load();
    module.configure(command);
    command.action(() => {
      found.parsed = { module, command, args: command.args };
    });
  }
  if (argv.length === 0) {
    program.outputHelp();
    return { kind: 'printed' };
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'printed' };
    if (error instanceof CommanderError) throw usageError(error, wanted?.words ?? groupIn(argv, entries));
    throw error;
  }
  if (found.parsed === undefined) return { kind: 'printed' };
  return { kind: 'run', parsed: found.parsed, options: globalOptions(program, found.parsed.command) };
}

function globalOptions(program: Command, command: Command): GlobalOptions {
  const options: Readonly<Record<string, unknown>> = { ...program.opts(), ...command.opts() };
  return {
    directory: typeof options.directory === 'string' ? options.directory : undefined,
    json: program.opts().json === true || command.opts().json === true,
  };
}

function rootCommand(version: string): Command {
  return new Command('ompay')
    .description('OMPAY: a mobile-money payment API, and the tool that runs it in production')
    .version(version, '-V, --version', 'print the version')
    .option('-C, --directory <folder>', 'the folder that holds .ompay (default: where the program is)')
    .option('--json', 'one JSON event or document instead of text')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'the same as --help')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', '\nFirst time: ompay deploy, then ompay status. Exit codes: docs/exit-codes.md.');
}

/** The entry whose words begin argv, past global options. */
function wantedEntry(argv: readonly string[], entries: readonly CommandEntry[]): CommandEntry | undefined {
  const words = wordsIn(argv).filter((word) => word !== 'help');
  const matches = entries.filter((entry) =>
    entry.words.split(' ').every((word, index) => words[index] === word),
  );
  return matches.sort((a, b) => b.words.length - a.words.length)[0];
}

/** What is neither an option nor the folder of `-C`. */
function wordsIn(argv: readonly string[]): readonly string[] {
  const isFolder = (index: number): boolean => ['-C', '--directory'].includes(argv[index - 1] ?? '');
  return argv.filter((word, index) => !word.startsWith('-') && !isFolder(index));
}

/** The command for an entry, made with the groups above it (`api distributor create`) when they are missing. */
function childAt(program: Command, entry: CommandEntry): Command {
  let parent = program;
  const words = entry.words.split(' ');
  for (const [index, word] of words.entries()) {
    const existing = parent.commands.find((each) => each.name() === word);
    const child = existing ?? addChild(parent, word, entry.group);
    if (index === words.length - 1) child.description(entry.summary);
    else if (existing === undefined)
      child.description(`${GROUP_SUMMARIES[words.slice(0, index + 1).join(' ')] ?? word}`);
    parent = child;
  }
  return parent;
}

export const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  migrate: 'status, lint, rehearse, up, contract: the database schema, step by step',
  api: 'worker, outbox, verify-ledger, distributor, customer, transaction, keys, rules: for the staff',
  'api customer': 'identify, forget-pin: customers, their limits and their PINs',
  'api keys': 'list, rotate, retire: the keys that secrets are kept under',
  'api rules': 'list, set: limits and other legal figures, with their sources',
  'api distributor': 'create: distributors and their floats',
  'api transaction': 'reverse: transfers that staff undo',
  secrets: 'set, list, edit, rotate: secrets of servers, encrypted in the repository',
  lab: 'up, status, exec, cut, join, down: rehearsal hosts on this machine',
  maintenance: 'on, off, status: users are told to come back later',
  hooks: "list: the team's own scripts around a deploy",
  lock: 'status, acquire, release: the lock that keeps two operations apart',
  audit: 'list, verify: the journal of everything that was done',
  backup: 'create, stream, list, show, verify, status, heal, prune, keys: backups that are proven',
  'backup keys': 'init, check, rotate: who can open backups',
  schedule: 'install, list, remove, run: what happens by itself',
  check: 'list, run, sign, waive: the checklists of a deploy',
};

function addChild(parent: Command, word: string, group: string): Command {
  const child = parent
    .command(word)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .allowExcessArguments(false)
    .option('--json', 'one JSON event or document instead of text');
  if (parent.name() === 'ompay') child.helpGroup(`${group}:`);
  return child;
}

/** The words of a group that were typed without one of its commands (`ompay lock`), else nothing. */
function groupIn(argv: readonly string[], entries: readonly CommandEntry[]): string {
  const words = wordsIn(argv);
  const isGroup = (typed: string): boolean => entries.some((entry) => entry.words.startsWith(`${typed} `));
  const lengths = words.map((_, index) => words.length - index);
  return lengths.map((length) => words.slice(0, length).join(' ')).find(isGroup) ?? '';
}

function usageError(error: CommanderError, words: string): OmpayError {
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  return new OmpayError(
    'usage',
    message === '(outputHelp)' ? 'the rest of the command is missing' : message,
    {
      hint: ['ompay', words, '--help'].filter((word) => word !== '').join(' '),
      cause: error,
    },
  );
}
