import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isoTime } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { Secret } from '../core/secret.ts';
import { type AgeKey, generateAgeKey, type Recipient, recipientOf } from '../store/repository/age.ts';

/** The keys of an installation. On servers only the public half of escrow is present: its private one is kept off-line. */
export interface BackupKeys {
  readonly recipients: readonly Recipient[];
  /** Of `operations`: proves and restores. */
  readonly identity: Secret;
  /** Keys that were replaced and are still here: they open older backups. */
  readonly formerIdentities: readonly Secret[];
  /** Of `escrow`, where its private half is here. */
  readonly escrowIdentity: Secret | null;
}

export type KeyName = 'operations' | 'escrow';

/** Where a key is kept: `backup-operations.agekey`, in age-keygen's own form, so `age -d -i` takes it. */
export function keyPath(keysFolder: string, name: KeyName): string {
  return join(keysFolder, `backup-${name}.agekey`);
}

/** Where escrow's public half is kept when its private one is elsewhere: a line `age1…`. */
export function escrowRecipientPath(keysFolder: string): string {
  return join(keysFolder, 'backup-escrow.recipient');
}

const FORMER = /^backup-(?:operations|escrow)-[a-z0-9]{8}\.agekey$/;
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;

/** Reads both keys, making at first use those that are missing (0600). Throws `configInvalid`, `stateUnusable`. */
export async function ensureBackupKeys(keysFolder: string, clock: Clock): Promise<BackupKeys> {
  await mkdir(keysFolder, { recursive: true, mode: 0o700 });
  const operations = await ensureKey(keyPath(keysFolder, 'operations'), clock);
  const escrow = await ensureEscrow(keysFolder, clock);
  const former = (await readdir(keysFolder)).filter((name) => FORMER.test(name));
  const formerKeys = await Promise.all(former.map((name) => readKey(join(keysFolder, name))));
  return {
    identity: operations.identity,
    formerIdentities: formerKeys.map(({ identity }) => identity),
    escrowIdentity: escrow.identity,
    recipients: [
      { name: 'operations', recipient: operations.recipient },
      { name: 'escrow', recipient: escrow.recipient },
    ],
  };
}

async function ensureEscrow(
  keysFolder: string,
  clock: Clock,
): Promise<{ readonly recipient: string; readonly identity: Secret | null }> {
  const path = escrowRecipientPath(keysFolder);
  const text = readKeyText(path)?.trim();
  if (text === undefined) return ensureKey(keyPath(keysFolder, 'escrow'), clock);
  if (RECIPIENT.test(text)) return { recipient: text, identity: null };
  throw new OmpayError('configInvalid', `${path} holds no public half of an age key (age1…)`, {
    hint: 'ompay backup keys init --escrow age1…',
  });
}

/** From now on escrow is that key, whose private half is elsewhere. The former one, if it is here, becomes a former key. */
export async function setEscrow(keysFolder: string, recipient: string): Promise<void> {
  if (!RECIPIENT.test(recipient)) {
    throw new OmpayError('usage', `${JSON.stringify(recipient)} is not the public half of an age key`, {
      hint: 'make one elsewhere (age-keygen -o escrow.agekey) and give its public half: age1…',
    });
  }
  await mkdir(keysFolder, { recursive: true, mode: 0o700 });
  await setAside(keysFolder, 'escrow');
  write(escrowRecipientPath(keysFolder), `${recipient}\n`);
}

/**
 * Gives a key a successor; the old one stays beside it, as older backups are for it. Killed in between, the next use makes
 * the successor. Throws `configInvalid` for escrow whose private half is elsewhere.
 */
export async function rotateKey(keysFolder: string, name: KeyName, clock: Clock): Promise<string> {
  if (name === 'escrow' && readKeyText(escrowRecipientPath(keysFolder)) !== undefined) {
    throw new OmpayError('configInvalid', 'the private half of escrow is not on this machine', {
      hint: 'make one elsewhere and give its public half: ompay backup keys init --escrow age1…',
    });
  }
  await setAside(keysFolder, name);
  return (await ensureKey(keyPath(keysFolder, name), clock)).recipient;
}

/** `backup-operations-q3x….agekey`: named by the end of its recipient. Does nothing when there is none. */
async function setAside(keysFolder: string, name: KeyName): Promise<void> {
  const path = keyPath(keysFolder, name);
  if (readKeyText(path) === undefined) return;
  const { recipient } = await readKey(path);
  await rename(path, join(keysFolder, `backup-${name}-${recipient.slice(-8)}.agekey`));
}

async function ensureKey(path: string, clock: Clock): Promise<AgeKey> {
  const existing = readKeyText(path);
  if (existing !== undefined) return parseKey(existing, path);
  const key = await generateAgeKey();
  const text = `# created: ${isoTime(clock.now())}\n# public key: ${key.recipient}\n${key.identity.reveal()}\n`;
  write(path, text);
  return key;
}

function write(path: string, text: string): void {
  try {
    writeFileAtomic(path, text, 0o600);
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
}

/** The private key in a file that age-keygen or ompay made. Throws `notFound`, `configInvalid`. */
export async function readKey(path: string): Promise<AgeKey> {
  const text = readKeyText(path);
  if (text !== undefined) return parseKey(text, path);
  throw new OmpayError('notFound', `there is no backup key at ${path}`, {
    hint: 'give the path of an age private key file',
  });
}

function readKeyText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw diskRefusal(error, path) ?? error;
  }
}

async function parseKey(text: string, path: string): Promise<AgeKey> {
  const line = text.split('\n').find((candidate) => candidate.startsWith('AGE-SECRET-KEY-'));
  if (line === undefined) {
    throw new OmpayError('configInvalid', `${path} holds no line that begins with AGE-SECRET-KEY-`, {
      hint: 'put the right key back, or move the file away to have a new one made (old backups then need the old key)',
    });
  }
  const identity = new Secret(line.trim());
  return { identity, recipient: await recipientOf(identity) };
}
