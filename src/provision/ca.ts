import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { assertOwnFolder, writeFileAtomic, writeNewFile } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';
import type { Secret } from '../core/secret.ts';
import type { Host } from '../host/host.ts';
import { issueAuthority, issueCertificate } from './ca/issue.ts';
import { CERTIFICATE_DAYS, type CertifiedHost, daysLeft, faultOf } from './ca/judge.ts';
import { certificateIn, type KeyPair, keyPairText, readKeyPair } from './ca/pem.ts';

/** What a host needs to be believed by the others of its environment, and to believe them. PEM. */
export interface HostCertificate {
  /** Of the fleet's authority; no secret. */
  readonly authorityPem: string;
  readonly certificatePem: string;
  readonly key: Secret;
}

export interface FleetAuthority {
  readonly layout: Layout;
  readonly environment: string;
  /** The operator's own machine. */
  readonly machine: Host;
  readonly nowMs: number;
}

/** `.ompay/ca/ENV`: `authority.pem`, and `NAME.pem` for each host; each a certificate and its key, 0600. */
export function authorityFolder({
  layout,
  environment,
}: Pick<FleetAuthority, 'layout' | 'environment'>): string {
  return join(layout.state, 'ca', environment);
}

/**
 * The certificates of an environment's hosts, by name. The authority is made at the first time; a certificate is made
 * when there is none, when it has less than 60 of its 397 days left, and when the host's address or the authority is another.
 * Throws `stateUnusable` for a file that cannot be read or an authority near its end, `commandFailed` without openssl.
 */
export async function fleetCertificates(
  fleet: FleetAuthority,
  hosts: readonly CertifiedHost[],
): Promise<ReadonlyMap<string, HostCertificate>> {
  const folder = authorityFolder(fleet);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertOwnFolder(folder);
  const authority = await authorityOf(fleet, join(folder, 'authority.pem'));
  const certificates = new Map<string, HostCertificate>();
  for (const host of hosts) {
    const { certificatePem, key } = await certificateOf(fleet, host, authority);
    certificates.set(host.name, { authorityPem: authority.certificatePem, certificatePem, key });
  }
  return certificates;
}

async function authorityOf(fleet: FleetAuthority, path: string): Promise<KeyPair> {
  const kept = keptPair(path);
  if (kept !== undefined) return assertLasting(fleet, kept, path);
  const made = await issueAuthority(fleet.machine, fleet.environment);
  try {
    writeNewFile(path, keyPairText(made).reveal(), 0o600);
    return made;
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    // Another command was quicker: its authority is the one.
    return keptPair(path) ?? made;
  }
}

async function certificateOf(
  fleet: FleetAuthority,
  host: CertifiedHost,
  authority: KeyPair,
): Promise<KeyPair> {
  const path = join(authorityFolder(fleet), 'hosts', `${host.name}.pem`);
  const kept = keptPair(path);
  if (kept !== undefined && faultOf(kept, { host, authority, nowMs: fleet.nowMs }) === undefined) return kept;
  const made = await issueCertificate(fleet.machine, { host, authority });
  mkdirSync(join(authorityFolder(fleet), 'hosts'), { recursive: true, mode: 0o700 });
  writeFileAtomic(path, keyPairText(made).reveal(), 0o600);
  return made;
}

/** Undefined when there is no file. */
function keptPair(path: string): KeyPair | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const pair = readKeyPair(text);
  if (pair !== undefined) return pair;
  throw new OmpayError('stateUnusable', `${path} does not hold a certificate and its key`, {
    hint: `bring it back from a copy; without one: mv ${path} ${path}.broken`,
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What it issues must not outlive it. */
function assertLasting({ nowMs }: FleetAuthority, authority: KeyPair, path: string): KeyPair {
  const validTo = certificateIn(authority.certificatePem)?.validTo ?? '';
  if (daysLeft(validTo, nowMs) > CERTIFICATE_DAYS) return authority;
  throw new OmpayError('stateUnusable', `the fleet's authority ${path} ends ${validTo}`, {
    hint: `make a new one, then provision all hosts: mv ${path} ${path}.old`,
  });
}
