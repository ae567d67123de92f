import { readFileSync, statSync } from 'node:fs';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { type SshTarget, shownSshTarget } from './target.ts';

const OPENSSH_KEY = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/;
const OPENSSH_MAGIC = 'openssh-key-v1\0';
const OPENSSL_ENCRYPTED = /^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m;

/** The private key of a target, or undefined when only an agent is asked. Throws `configInvalid`. */
export function readKey(target: SshTarget): Secret | undefined {
  const { keyPath, agentSocket } = target.login;
  if (keyPath === undefined) {
    if (agentSocket !== undefined) return undefined;
    throw unusable(
      target,
      'there is neither a key nor an agent',
      'name a key in the configuration, or start one: eval $(ssh-agent)',
    );
  }
  const text = keyText(target, keyPath);
  if (isEncrypted(text)) {
    if (agentSocket !== undefined) return undefined;
    throw unusable(
      target,
      `the key ${keyPath} has a passphrase`,
      `give it to an agent: eval $(ssh-agent) && ssh-add ${keyPath}`,
    );
  }
  return new Secret(text);
}

function keyText(target: SshTarget, path: string): string {
  try {
    if ((statSync(path).mode & 0o077) === 0) return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(target, `the key ${path} cannot be read: ${messageOf(error)}`, `ls -l ${path}`);
  }
  throw unusable(target, `others than its owner can read the key ${path}`, `chmod 600 ${path}`);
}

/** By the cipher that the file names (PROTOCOL.key of OpenSSH), or by its header (RFC 1421, RFC 5958). */
function isEncrypted(text: string): boolean {
  const body = OPENSSH_KEY.exec(text)?.[1];
  if (body === undefined) return OPENSSL_ENCRYPTED.test(text);
  const bytes = Buffer.from(body, 'base64');
  const at = OPENSSH_MAGIC.length;
  if (bytes.length < at + 4) return false;
  const cipherBytes = bytes.readUInt32BE(at);
  return bytes.subarray(at + 4, at + 4 + cipherBytes).toString('latin1') !== 'none';
}

/** What ssh2 could not make a key of. */
export function unreadableKey(target: SshTarget, cause: unknown): OmpayError {
  const path = target.login.keyPath ?? '';
  return unusable(target, `the key ${path} is no private key`, `ssh-keygen -y -f ${path}`, cause);
}

function unusable(target: SshTarget, what: string, hint: string, cause?: unknown): OmpayError {
  return new OmpayError('configInvalid', `no login to ${shownSshTarget(target)}: ${what}`, { hint, cause });
}
