import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Secrets } from '../config/env-file.ts';
import type { EnvironmentConfig } from '../config/yml/environment.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { assertOwnFolder, writeFileAtomic } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';
import { withMutex } from '../core/mutex.ts';
import type { Identity } from './identity.ts';
import { seal, unseal } from './seal.ts';
import { type OpenSecrets, parseSecrets, renderSecrets } from './text.ts';

const MUTEX_TIMEOUT_MS = 5000;
const MAX_FILE_BYTES = 1_000_000;
/** Each lost race is another's finished change: this many in a row is not a person's doing. */
const MAX_ATTEMPTS = 50;

/** Of one environment. */
export interface SecretsPlace {
  readonly layout: Layout;
  readonly config: EnvironmentConfig;
  /** Asked for once there is something to open: a first secret is set without a key. */
  readonly identity: () => Promise<Identity>;
}

/** `secrets/production.age`, in the repository. */
export function secretsPath({ layout, config }: Pick<SecretsPlace, 'layout' | 'config'>): string {
  return join(layout.root, 'secrets', `${config.name}.age`);
}

/** Empty when there is no file. Throws `configInvalid` when it cannot be opened. */
export async function readSecrets(place: SecretsPlace): Promise<OpenSecrets> {
  return openedOf(place, sealedAt(secretsPath(place)));
}

/**
 * Replaces the secrets by what `change` makes of them, encrypted to the recipients of ompay.yml. When another process was
 * quicker, the change is made again upon its secrets, so `change` is called with what there is, and throws when it cannot
 * be made on that. All or nothing, also when it is killed.
 */
export async function changeSecrets(
  place: SecretsPlace,
  change: (before: Secrets) => Secrets,
): Promise<void> {
  const path = secretsPath(place);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const sealedBefore = sealedAt(path);
    const { secrets } = await openedOf(place, sealedBefore);
    const { recipients, name } = place.config;
    const text = renderSecrets(name, { secrets: change(secrets), recipients });
    if (replaced(place, { before: sealedBefore, after: await seal(text, recipients) })) return;
  }
  throw new OmpayError('stateUnusable', `${path} was changed by others ${MAX_ATTEMPTS} times meanwhile`, {
    hint: 'wait for the other commands to end, then try again',
  });
}

/** False when the file is another than the one that was read. */
function replaced(
  place: SecretsPlace,
  { before, after }: { readonly before: Buffer | undefined; readonly after: string },
): boolean {
  const { layout } = place;
  const path = secretsPath(place);
  try {
    mkdirSync(layout.state, { recursive: true, mode: 0o700 });
    assertOwnFolder(layout.state);
    mkdirSync(dirname(path), { recursive: true });
    return withMutex(join(layout.state, 'secrets.mutex'), MUTEX_TIMEOUT_MS, () => {
      if (digestOf(sealedAt(path)) !== digestOf(before)) return false;
      writeFileAtomic(path, after, 0o644);
      return true;
    });
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
}

async function openedOf(place: SecretsPlace, sealed: Buffer | undefined): Promise<OpenSecrets> {
  if (sealed === undefined) return { secrets: new Map(), recipients: place.config.recipients };
  const text = await unseal(sealed, secretsPath(place), await place.identity());
  return parseSecrets(place.config.name, text);
}

function sealedAt(path: string): Buffer | undefined {
  try {
    const sealed = readFileSync(path);
    if (sealed.length <= MAX_FILE_BYTES) return sealed;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new OmpayError('configInvalid', `${path} cannot be read (${systemCodeOf(error) ?? 'no code'})`, {
      hint: `make it readable for this user: chmod u+r '${path}'`,
      cause: error,
    });
  }
  throw new OmpayError('configInvalid', `${path} has more than ${MAX_FILE_BYTES} bytes`, {
    hint: 'take it from the repository again: git checkout -- secrets',
  });
}

function digestOf(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
}
