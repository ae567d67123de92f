import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { memoryFolder, temporaryFolder } from '../../core/unfinished.ts';
import type { Host } from '../../host/host.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { AUTHORITY_DAYS, alternativeNames, CERTIFICATE_DAYS, type CertifiedHost } from './judge.ts';
import { type KeyPair, keyPairText } from './pem.ts';

const OPENSSL_MS = 30_000;

/** RFC 5280, 4.2.1: an authority below which there is no other. */
const AUTHORITY_CONFIG = `[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = NAME
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;

/** A new authority. Throws `commandFailed` when openssl fails or is not there. */
export async function issueAuthority(machine: Host, environment: string): Promise<KeyPair> {
  return inFolder(async (folder) => {
    const key = newKey();
    write(folder, 'key.pem', key.reveal());
    write(folder, 'config', AUTHORITY_CONFIG.replace('NAME', `ompay ${environment}`));
    const line = sh`openssl req -x509 -new -key key.pem -sha256 -days ${AUTHORITY_DAYS} -config config -out certificate.pem`;
    await openssl(machine, folder, line);
    return { certificatePem: readFileSync(join(folder, 'certificate.pem'), 'utf8'), key };
  });
}

/** A new certificate for a host's servers, and for what it asks of others as a client. Errors as above. */
export async function issueCertificate(
  machine: Host,
  { host, authority }: { readonly host: CertifiedHost; readonly authority: KeyPair },
): Promise<KeyPair> {
  return inFolder(async (folder) => {
    const key = newKey();
    write(folder, 'key.pem', key.reveal());
    write(folder, 'authority.pem', keyPairText(authority).reveal());
    write(folder, 'extensions', extensionsOf(host));
    const request = sh`openssl req -new -key key.pem -subj ${`/CN=${host.name}`} -out request.pem`;
    const sign = sh`openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.pem -set_serial ${`0x${serial()}`} -sha256 -days ${CERTIFICATE_DAYS} -extfile extensions -out certificate.pem`;
    await openssl(machine, folder, sh`${request} && ${sign}`);
    return { certificatePem: readFileSync(join(folder, 'certificate.pem'), 'utf8'), key };
  });
}

function extensionsOf(host: CertifiedHost): string {
  return `basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = ${alternativeNames(host).join(', ')}
`;
}

function newKey(): Secret {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** RFC 5280, 4.1.2.2: positive, unique for its authority, at most 20 bytes. */
function serial(): string {
  return `4${randomBytes(15).toString('hex')}`;
}

function write(folder: string, name: string, content: string): void {
  writeFileSync(join(folder, name), content, { mode: 0o600 });
}

/** Keys lie in memory where there is such a folder, and are gone at the end; a killed run's are swept by a later one. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder('ca', memoryFolder());
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openssl(machine: Host, folder: string, line: Shell): Promise<void> {
  const { exitCode, stderr } = await machine.exec(sh`cd ${folder} && ${line}`, { timeoutMs: OPENSSL_MS });
  if (exitCode === 0) return;
  throw new OmpayError('commandFailed', `openssl made no certificate: ${stderr.trim().slice(-500)}`, {
    hint: 'see whether it is there, in version 1.1.1 or newer: openssl version',
  });
}
