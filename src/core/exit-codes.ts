import { type ErrorName, EXIT_CODE_BY_ERROR } from './errors.ts';

/** What each exit code of `ompay` means; a public interface, as scripts branch on it. */
export const EXIT_CODE_MEANINGS: Readonly<Record<number, string>> = {
  0: 'Done, or nothing was to be done.',
  2: 'Usage or configuration: nothing was begun.',
  3: 'A check blocked it: nothing was changed.',
  4: 'The lock is held by another operation.',
  5: 'It failed and was rolled back: what ran before runs again.',
  6: 'It failed and was not rolled back: look before you go on.',
  7: 'A host or service could not be reached in time.',
  8: 'Drift: what runs is not what was declared.',
  42: 'With `--detailed-exitcode`: nothing was to be done.',
  130: 'Interrupted, and cleaned up.',
};

const ERROR_MEANINGS: Readonly<Record<ErrorName, string>> = {
  usage: 'A command, argument or option that does not exist or does not fit.',
  configInvalid: 'The configuration or the source cannot be used; every fault is named.',
  notFound: 'What was named does not exist.',
  alreadyExists: 'What was to be made is there already.',
  stateUnusable: 'A file or folder of the installation cannot be read, written or understood.',
  checkBlocked: 'A check of the checklist failed.',
  preflightFailed: 'The machine is not fit for it: port, disk, clock, configuration.',
  journalBroken: 'The journal is not as it was written.',
  backupDamaged: 'A backup failed its proof.',
  releaseNotTrusted: 'A release on a host is unsigned, signed by another key, changed or not whole.',
  lockHeld: 'Another operation, or a person, holds the lock.',
  lockLost: 'The lock was taken over while the operation ran; it can switch nothing any more.',
  rolledBack: 'The operation failed and everything it did was undone.',
  notRolledBack: 'The operation failed and something could not be undone.',
  hostUnreachable: 'A connection was refused or lost.',
  hostNotTrusted: 'A host showed a key that is not known to be its own.',
  accessDenied: 'A host let the user not log in, or not become root.',
  timeout: 'Something was not done within its time limit.',
  commandFailed: 'A command ended with another code than 0.',
  databaseUnavailable: 'The database does not answer.',
  drift: 'What runs is not what was declared.',
  interrupted: 'SIGINT, SIGTERM or SIGHUP; what was begun was undone.',
  internal: 'A fault of ompay itself.',
};

const INTRODUCTION = `# Exit codes

<!-- Made from src/core/errors.ts and src/core/exit-codes.ts. \`npx vitest run tests/core -u\` writes it anew. -->

Scripts may rely on these numbers. With \`--json\` the last line holds the same as \`exitCode\`, and an error its name as
\`code\`. Each error says what was seen and the next command to type.
`;

/** docs/exit-codes.md, whole; a test fails when the file is stale. */
export function renderExitCodesDocument(): string {
  const codes = Object.entries(EXIT_CODE_MEANINGS).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const errors = Object.entries(EXIT_CODE_BY_ERROR).map(
    ([name, code]) => `| \`${name}\` | ${code} | ${meaningOf(name)} |`,
  );
  return [
    INTRODUCTION,
    '| code | meaning |',
    '|---:|---|',
    ...codes,
    '\n## Names of errors\n',
    '| name | exit code | meaning |',
    '|---|---:|---|',
    ...errors,
    '',
  ].join('\n');
}

function meaningOf(name: string): string {
  return Object.entries(ERROR_MEANINGS).find(([each]) => each === name)?.[1] ?? '';
}
