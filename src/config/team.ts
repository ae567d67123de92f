import { OmpayError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { type EnvironmentVariables, keyProblem, parsedOf } from './load.ts';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS, TEAM_KEYS } from './schema.ts';

/** Where the team is told; null for a channel that is not set up. */
export interface TeamSettings {
  readonly webhook: WebhookSettings | null;
  readonly mail: MailSettings | null;
}

export interface WebhookSettings {
  readonly url: Secret;
  readonly secret: Secret | null;
}

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** Also the sender's address. */
  readonly username: string;
  readonly password: Secret;
  readonly to: readonly string[];
}

/** Throws one `configInvalid` that names every wrong or missing variable, never a secret's value. */
export function loadTeamSettings(variables: EnvironmentVariables): TeamSettings {
  const to = parsedOf(variables, TEAM_KEYS.teamMailTo);
  const mail = to === undefined ? undefined : mailSettings(variables, to);
  const problems = [
    ...Object.values(TEAM_KEYS).flatMap((key) => keyProblem(variables, key, 'local')),
    ...(mail === null
      ? ['TEAM_MAIL_TO needs MAIL_MAILER=smtp, MAIL_HOST, MAIL_USERNAME and MAIL_PASSWORD']
      : []),
  ];
  if (problems.length > 0) {
    throw new OmpayError('configInvalid', `the team cannot be told: ${problems.join('; ')}`, {
      hint: 'see docs/config.md for these variables, then correct them in .env',
    });
  }
  const url = parsedOf(variables, TEAM_KEYS.teamWebhookUrl);
  const secret = parsedOf(variables, TEAM_KEYS.teamWebhookSecret) ?? null;
  return { webhook: url === undefined ? null : { url, secret }, mail: mail ?? null };
}

/** Null when one of them is missing or wrong. */
function mailSettings(variables: EnvironmentVariables, to: readonly string[]): MailSettings | null {
  const KEYS = ENVIRONMENT_KEYS;
  const [host, port] = [parsedOf(variables, KEYS.mailHost), parsedOf(variables, KEYS.mailPort)];
  const username = parsedOf(variables, KEYS.mailUsername);
  const password = parsedOf(variables, KEYS.mailPassword);
  if (parsedOf(variables, KEYS.mailMailer) !== 'smtp') return null;
  if (host === undefined || port === undefined || username === undefined || password === undefined)
    return null;
  return { host, port, username, password, to };
}

/** What a release runs with and is named by: the operator's own variables are none of its business. */
export function withoutOperatorKeys(variables: EnvironmentVariables): EnvironmentVariables {
  const own = new Set<string>(Object.values(OPERATOR_KEYS).map((key) => key.name));
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !own.has(name)));
}
