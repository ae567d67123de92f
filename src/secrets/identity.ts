import { lstatSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type Clock, isoTime } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeNewFile } from '../core/files.ts';
import { Secret } from '../core/secret.ts';
import { generateAgeKey, recipientOf } from '../store/repository/age.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The private half of the operator's key. */
export interface Identity {
  readonly key: Secret;
  /** `age1…` */
  readonly recipient: string;
  /** For people: the variable or the file that it came from. */
  readonly from: string;
}

/** Where the operator's key is: a file outside the repository, 0600. */
export function identityPath(variables: Variables): string {
  const config = variables.XDG_CONFIG_HOME || join(variables.HOME || homedir(), '.config');
  return variables.OMPAY_AGE_IDENTITY_FILE || join(config, 'ompay', 'identity.agekey');
}

/**
 * From `OMPAY_AGE_IDENTITY` (for pipelines: the key itself), else from the file; undefined when there is neither. Throws
 * `configInvalid` for one that is none, that others can read, or that lies in the repository.
 */
export async function findIdentity(variables: Variables, root: string): Promise<Identity | undefined> {
  const given = variables.OMPAY_AGE_IDENTITY;
  if (given !== undefined && given !== '') return identityIn(given, 'OMPAY_AGE_IDENTITY');
  const path = identityPath(variables);
  const text = privateText(path, root);
  return text === undefined ? undefined : identityIn(text, path);
}

/** Throws `configInvalid` when there is none. */
export async function requireIdentity(variables: Variables, root: string): Promise<Identity> {
  const identity = await findIdentity(variables, root);
  if (identity !== undefined) return identity;
  const path = identityPath(variables);
  throw new OmpayError('configInvalid', `there is no age identity at ${path}, so no secret can be opened`, {
    hint: `put yours there (0600), name its file by OMPAY_AGE_IDENTITY_FILE, or make one: mkdir -p '${dirname(path)}' && age-keygen -o '${path}'`,
  });
}

/** The operator's key, made where there is none. */
export async function ensureIdentity(variables: Variables, root: string, clock: Clock): Promise<Identity> {
  const existing = await findIdentity(variables, root);
  if (existing !== undefined) return existing;
  const path = identityPath(variables);
  refuseInside(path, root);
  const { identity, recipient } = await generateAgeKey();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const text = `# created: ${isoTime(clock.now())}\n# public key: ${recipient}\n${identity.reveal()}\n`;
  try {
    writeNewFile(path, text, 0o600);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw diskRefusal(error, path) ?? error;
    // Another process made one just now: that is the operator's key.
    return requireIdentity(variables, root);
  }
  return { key: identity, recipient, from: path };
}

async function identityIn(text: string, from: string): Promise<Identity> {
  const line = text.split('\n').find((each) => each.trim().startsWith('AGE-SECRET-KEY-'));
  if (line === undefined) {
    throw new OmpayError('configInvalid', `${from} holds no line that begins with AGE-SECRET-KEY-`, {
      hint: 'give an age identity, as age-keygen prints it',
    });
  }
  const key = new Secret(line.trim());
  return { key, recipient: await recipientOf(key), from };
}

function privateText(path: string, root: string): string | undefined {
  try {
    const state = statSync(path);
    refuseInside(path, root);
    if ((state.mode & 0o077) !== 0) throw readableByOthers(path, state.mode);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    if (error instanceof OmpayError) throw error;
    throw new OmpayError('configInvalid', `${path} cannot be read (${systemCodeOf(error) ?? 'no code'})`, {
      hint: `make it yours: chown "$(id -u)" '${path}'`,
      cause: error,
    });
  }
}

function readableByOthers(path: string, mode: number): OmpayError {
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return new OmpayError('configInvalid', `${path} has the mode ${shown}: others can read the key in it`, {
    hint: `chmod 0600 '${path}'`,
  });
}

/** One `git add .` away from everybody. */
function refuseInside(path: string, root: string): void {
  const folder = nearestThatIs(dirname(path));
  const way = relative(realpathSync(root), realpathSync(folder));
  if (way.startsWith('..') || way.startsWith('/')) return;
  throw new OmpayError('configInvalid', `${path} lies in the repository, which keeps what the key opens`, {
    hint: 'move it out, for example to ~/.config/ompay/identity.agekey, and name it by OMPAY_AGE_IDENTITY_FILE',
  });
}

function nearestThatIs(path: string): string {
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return isThere || dirname(path) === path ? path : nearestThatIs(dirname(path));
}
