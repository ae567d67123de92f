import { environmentLine, type Secrets } from '../config/env-file.ts';
import type { Recipient } from '../config/yml/environment.ts';
import { SECRET_KEYS } from '../config/yml/variables.ts';
import { OmpayError } from '../core/errors.ts';
import { didYouMean } from '../core/nearest.ts';
import { Secret } from '../core/secret.ts';

/** The secrets of an environment, as they are between `age -d` and `age -e`. */
export interface OpenSecrets {
  readonly secrets: Secrets;
  /** Whom they were last encrypted to: an age file does not tell. */
  readonly recipients: readonly Recipient[];
}

/** Binds the file to its environment: staging's, copied over production's, is seen. */
function headOf(environment: string): string {
  return `# ompay secrets of ${environment}`;
}

export function renderSecrets(environment: string, { secrets, recipients }: OpenSecrets): Secret {
  const lines = [
    headOf(environment),
    ...recipients.map(({ name, recipient }) => `# for ${name} ${recipient}`),
    '# NAME=value, one a line. All after the first = is the value, quotes too.',
    ...SECRET_KEYS.flatMap(({ name }) => {
      const secret = secrets.get(name);
      return secret === undefined ? [] : [`${name}=${secret.reveal()}`];
    }),
  ];
  return new Secret(`${lines.join('\n')}\n`);
}

/** Throws `configInvalid` when these are another environment's, or not written as `renderSecrets` does. */
export function parseSecrets(environment: string, text: Secret): OpenSecrets {
  const lines = text.reveal().split('\n');
  if (lines[0] !== headOf(environment)) {
    throw new OmpayError('configInvalid', `the file of the secrets of ${environment} holds something else`, {
      hint: `it begins with the line "${headOf(environment)}" when it is opened; take it from the repository's history again`,
    });
  }
  const recipients = lines.flatMap((line) => {
    const [, name, recipient] = /^# for (\S+) (\S+)$/.exec(line) ?? [];
    return name === undefined || recipient === undefined ? [] : [{ name, recipient }];
  });
  return { secrets: parseLines(text), recipients };
}

/** Lines alone, as an operator edited them. Throws one `configInvalid` that names every fault by its line, no value. */
export function parseLines(text: Secret): Secrets {
  const secrets = new Map<string, Secret>();
  const faults = text
    .reveal()
    .split('\n')
    .flatMap((line, index) => {
      const fault = lineFault(line, secrets);
      return fault === undefined ? [] : [`line ${index + 1}: ${fault}`];
    });
  if (faults.length === 0) return secrets;
  throw new OmpayError('configInvalid', `the secrets are not usable: ${faults.join('; ')}`, {
    hint: 'write one NAME=value a line; `ompay secrets list` has the names',
  });
}

/** Takes the line in, or says what is wrong with it. */
function lineFault(line: string, secrets: Map<string, Secret>): string | undefined {
  if (line.trim() === '' || line.startsWith('#')) return undefined;
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) return 'it is not NAME=value';
  if (secrets.has(name)) return `${name} is there twice`;
  const fault = secretFault(name, new Secret(value));
  if (fault === undefined) secrets.set(name, new Secret(value));
  return fault;
}

/** Throws `configInvalid` for a name that is no secret's, or a value that its variable or a file of the server refuses. */
export function assertSecret(name: string, value: Secret): void {
  const fault = secretFault(name, value);
  if (fault === undefined) return;
  throw new OmpayError('configInvalid', fault, {
    hint: 'docs/secrets.md has the names, docs/config.md what they may be',
  });
}

function secretFault(name: string, value: Secret): string | undefined {
  const names = SECRET_KEYS.map((key) => key.name);
  const key = SECRET_KEYS.find((each) => each.name === name);
  if (key === undefined)
    return `${name} is no secret${didYouMean(name, names)} (allowed: ${names.join(', ')}); what is none belongs in ompay.yml`;
  if (value.reveal() === '') return `${name} is empty`;
  if (key.parse(value.reveal()) === undefined)
    return `${name} holds a value that is not shown (allowed: ${key.allowed})`;
  try {
    environmentLine(name, value.reveal());
    return undefined;
  } catch (error) {
    if (error instanceof OmpayError) return `${error.message}: ${error.hint}`;
    throw error;
  }
}
