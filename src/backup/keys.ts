import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isoTime } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { Secret } from '../core/secret.ts';
import { type AgeKey, generateAgeKey, type Recipient, recipientOf } from '../store/repository/age.ts';

/** The keys of a local installation. On servers only the public halves are present, and escrow is kept off-line. */
export interface BackupKeys {
  readonly recipients: readonly Recipient[];
  /** Of `operations`: proves and restores. */
  readonly identity: Secret;
}

const NAMES = ['operations', 'escrow'] as const;

/** Where a key is kept: `backup-operations.agekey`, in age-keygen's own form, so `age -d -i` takes it. */
export function keyPath(keysFolder: string, name: (typeof NAMES)[number]): string {
  return join(keysFolder, `backup-${name}.agekey`);
}

/** Reads both keys, making at first use those that are missing (0600). Throws `configInvalid`, `stateUnusable`. */
export async function ensureBackupKeys(keysFolder: string, clock: Clock): Promise<BackupKeys> {
  await mkdir(keysFolder, { recursive: true, mode: 0o700 });
  const [operations, escrow] = [
    await ensureKey(keyPath(keysFolder, 'operations'), clock),
    await ensureKey(keyPath(keysFolder, 'escrow'), clock),
  ];
  return {
    identity: operations.identity,
    recipients: [
      { name: 'operations', recipient: operations.recipient },
      { name: 'escrow', recipient: escrow.recipient },
    ],
  };
}

async function ensureKey(path: string, clock: Clock): Promise<AgeKey> {
  const existing = readKeyText(path);
  if (existing !== undefined) return parseKey(existing, path);
  const key = await generateAgeKey();
  const text = `# created: ${isoTime(clock.now())}\n# public key: ${key.recipient}\n${key.identity.reveal()}\n`;
  try {
    writeFileAtomic(path, text, 0o600);
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
  return key;
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
