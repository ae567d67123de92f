import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { parseProject, ymlPath } from '../config/yml/project.ts';
import { ROLES, type Role } from '../config/yml/settings.ts';
import { type Wanted, ymlText } from '../config/yml/template.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeNewFile } from '../core/files.ts';
import { ensureIdentity } from '../secrets/identity.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { ask, isAskable } from './kit/prompt.ts';

export function configure(command: Command): void {
  command
    .option('-e, --environment <name>', 'the environment: staging, production, …')
    .option('--url <url>', 'the public address of the API')
    .option('--web <addresses>', 'hosts that serve the API, with commas between')
    .option('--lb <addresses>', 'hosts that balance the load')
    .option('--db <addresses>', 'hosts of the database')
    .option('--redis <addresses>', 'hosts of Redis')
    .option('--backup <addresses>', 'hosts that keep backups')
    .option('--database <kind>', 'mysql, mariadb or pgsql')
    .option('--user <name>', 'who to log in as')
    .option('--email <address>', 'who the certificate authority writes to')
    .option('--yes', 'ask nothing: what no option says is as the questions propose');
}

/** Never overwrites; the file is there whole or not at all. Makes the operator's age key where there is none. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, environment, layout, output } = invocation;
  const path = ymlPath(layout);
  if (existsSync(path)) throw isThere(path);
  const answers = await answersOf(invocation);
  // Judged before the key is made: a wrong answer leaves nothing behind.
  const draft = { ...answers, recipient: { name: recipientName(), recipient: `age1${'q'.repeat(58)}` } };
  parseProject(path, [{ name: 'ompay.yml', text: ymlText(draft) }]);
  const identity = await ensureIdentity(environment, layout.root, clock);
  const text = ymlText({ ...draft, recipient: { ...draft.recipient, recipient: identity.recipient } });
  try {
    writeNewFile(path, text, 0o644);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') throw isThere(path);
    throw diskRefusal(error, path) ?? error;
  }
  output.write(
    output.json
      ? `${JSON.stringify({ path, environment: answers.name, identity: identity.from, recipient: identity.recipient })}\n`
      : `wrote ${path}\nyour age key: ${identity.from} (keep a copy elsewhere; without it the secrets are lost)\nnext: ompay config -e ${answers.name} --check\n`,
  );
  return 0;
}

type Answers = Omit<Wanted, 'recipient'>;

/** An option, else what was answered, else what the question proposes. Throws `usage` when nobody can be asked. */
async function answersOf(invocation: Invocation): Promise<Answers> {
  const answer = async (option: string, question: string, proposed: string): Promise<string> => {
    const given = textOption(invocation.command, option);
    if (given !== undefined) return given;
    if (!hasOption(invocation.command, 'yes')) return ask(question, proposed, invocation.signal);
    if (proposed !== '' || OPTIONAL.includes(option)) return proposed;
    throw missing(option);
  };
  if (!isAskable() && !hasOption(invocation.command, 'yes')) throw nobodyToAsk();
  const name = await answer('environment', 'Environment (staging, production, …)', '');
  const url = await answer('url', 'Public address of the API', '');
  const web = await answer('web', 'Hosts that serve the API, with commas between', '');
  const db = await answer('db', 'Host of the database', web.split(',')[0] ?? '');
  const database = await answer('database', 'Database (mysql, mariadb, pgsql)', 'mysql');
  const lb = await answer('lb', 'Host that balances the load (empty: none)', '');
  const redis = await answer('redis', 'Host of Redis (empty: none)', '');
  const backup = await answer('backup', 'Host that keeps backups (empty: none)', '');
  const user = await answer('user', 'User to log in as', 'root');
  const email = await answer('email', 'Mail address for the certificate authority', '');
  const kind = name === 'production' ? 'production' : 'staging';
  return { name, kind, url, database, user, email, addresses: addressesOf({ lb, web, db, redis, backup }) };
}

const OPTIONAL: readonly string[] = ['lb', 'redis', 'backup'];

function addressesOf(typed: Readonly<Record<Role, string>>): Wanted['addresses'] {
  return Object.fromEntries(
    ROLES.flatMap((role) => {
      const addresses = typed[role].split(',').flatMap((each) => each.trim() || []);
      return addresses.length === 0 ? [] : [[role, addresses]];
    }),
  );
}

/** The operator, as a recipient is named. */
function recipientName(): string {
  const name = userInfo()
    .username.toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-');
  return /^[a-z]/.test(name) ? name.slice(0, 40) : 'operator';
}

function isThere(path: string): OmpayError {
  return new OmpayError('alreadyExists', `${path} is there, and init never overwrites`, {
    hint: 'edit it; docs/ompay-yml.md has every key',
  });
}

function missing(option: string): OmpayError {
  return new OmpayError('usage', `--${option} is missing`, { hint: `${EXAMPLE} …` });
}

function nobodyToAsk(): OmpayError {
  return new OmpayError('usage', 'there is no terminal to ask on', {
    hint: `give the answers: ${EXAMPLE} …`,
  });
}

const EXAMPLE =
  'ompay init --yes -e staging --url https://staging.example.sn --web 10.0.0.11,10.0.0.12 --email you@example.sn';
