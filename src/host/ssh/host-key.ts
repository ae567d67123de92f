import { OmpayError } from '../../core/errors.ts';
import {
  addKnownHost,
  fingerprintOf,
  judgeKey,
  type KnownHost,
  keyTypeOf,
  knownKeyTypes,
  readKnownHosts,
} from './known-hosts.ts';
import { knownHostsName, type SshTarget, shownSshTarget } from './target.ts';

/** Judges the key that a server shows in one handshake. */
export interface HostKeyCheck {
  /** The algorithms to ask for; undefined for any that is safe. */
  readonly algorithms: readonly string[];
  /** Whether to go on. What was refused is told by `refusal`. */
  accept(key: Buffer): boolean;
  refusal(): OmpayError | undefined;
  /** To be called once the server has proven that the key is its own. */
  keep(): void;
}

/** Without the SHA-1 signatures of `ssh-rsa` (RFC 8332 replaced them). */
const ALGORITHMS_BY_KEY_TYPE: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};
const ALL_KEY_TYPES = Object.keys(ALGORITHMS_BY_KEY_TYPE);

export function hostKeyCheck(target: SshTarget): HostKeyCheck {
  const known = target.hostKey.mode === 'pinned' ? [] : readKnownHosts(target.hostKey.knownHostsPath);
  const knownTypes = knownKeyTypes(known, knownHostsName(target));
  let refused: OmpayError | undefined;
  let isNew: Buffer | undefined;
  return {
    algorithms: (knownTypes.length === 0 ? ALL_KEY_TYPES : knownTypes).flatMap(
      (type) => ALGORITHMS_BY_KEY_TYPE[type] ?? [],
    ),
    accept: (key) => {
      refused = judge(target, known, key);
      if (target.hostKey.mode === 'accept-new' && isUnknown(target, known, key)) isNew = key;
      return refused === undefined;
    },
    refusal: () => refused,
    keep: () => {
      if (isNew === undefined || target.hostKey.mode === 'pinned') return;
      addKnownHost(target.hostKey.knownHostsPath, knownHostsName(target), isNew);
      isNew = undefined;
    },
  };
}

function isUnknown(target: SshTarget, known: readonly KnownHost[], key: Buffer): boolean {
  return judgeKey(known, knownHostsName(target), key) === 'unknown';
}

/** Why the key is refused, or undefined when it is good. */
function judge(target: SshTarget, known: readonly KnownHost[], key: Buffer): OmpayError | undefined {
  const shown = `${keyTypeOf(key)} ${fingerprintOf(key)}`;
  if (target.hostKey.mode === 'pinned') {
    return target.hostKey.fingerprints.includes(fingerprintOf(key)) ? undefined : notPinned(target, shown);
  }
  const verdict = judgeKey(known, knownHostsName(target), key);
  if (verdict === 'revoked') return revoked(target, target.hostKey.knownHostsPath, shown);
  if (verdict === 'changed') return changed(target, target.hostKey.knownHostsPath, shown);
  if (verdict === 'unknown' && target.hostKey.mode === 'strict') {
    return unknown(target, target.hostKey.knownHostsPath, shown);
  }
  return undefined;
}

function notPinned(target: SshTarget, shown: string): OmpayError {
  return refusal(target, `its key ${shown} is none of the pinned ones`, {
    hint: 'compare it on the host, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, before you pin it',
  });
}

function revoked(target: SshTarget, path: string, shown: string): OmpayError {
  return refusal(target, `its key ${shown} is revoked in ${path}`, {
    hint: 'do not connect: give the host a new key, ssh-keygen -A, from its console',
  });
}

function changed(target: SshTarget, path: string, shown: string): OmpayError {
  return refusal(target, `its key ${shown} is not the one in ${path}: somebody may be in between`, {
    hint: `when you know why it changed: ssh-keygen -R '${knownHostsName(target)}' -f '${path}'`,
  });
}

function unknown(target: SshTarget, path: string, shown: string): OmpayError {
  return refusal(target, `its key ${shown} is not in ${path}`, {
    hint: `compare it on the host, then add it: ssh-keyscan -p ${target.port} ${target.address} >> '${path}'`,
  });
}

function refusal(target: SshTarget, why: string, { hint }: { hint: string }): OmpayError {
  return new OmpayError('hostNotTrusted', `${shownSshTarget(target)} is not trusted: ${why}`, { hint });
}

/** The server has keys, but none of the types that it is known by. */
export function noKnownKeyType(target: SshTarget, algorithms: readonly string[], cause: unknown): OmpayError {
  return new OmpayError(
    'hostNotTrusted',
    `${shownSshTarget(target)} is not trusted: no handshake with a key of a known type (${algorithms.join(', ')})`,
    {
      hint: `see which keys it has: ssh-keyscan -p ${target.port} ${target.address}`,
      cause,
    },
  );
}
