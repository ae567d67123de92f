import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvidence, writeEvidence } from '../../../check/evidence.ts';
import { numberIn, objectIn } from '../../../check/json.ts';
import type { Audit } from '../../../check/sources.ts';
import { type Clock, isoTime } from '../../../core/clock.ts';
import { OmpayError } from '../../../core/errors.ts';
import type { Host } from '../../../host/host.ts';
import type { JsonObject } from '../../../plan/plan.ts';
import { sh } from '../../../shell/line.ts';

const EVIDENCE = 'dependency-audit';
const REGISTRY_TIMEOUT_MS = 25_000;

export interface AuditKit {
  readonly programRoot: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly network: boolean;
}

/**
 * The newest audit of exactly these packages, from the registry that npm is configured with when it is older than
 * `maxAgeMs`. Undefined when only the registry could tell and it may not be asked. Throws `hostUnreachable` when it
 * gives no audit.
 */
export async function auditOf(
  kit: AuditKit,
  maxAgeMs: number,
  signal: AbortSignal,
): Promise<Audit | undefined> {
  const lockFile = createHash('sha256')
    .update(readFileSync(join(kit.programRoot, 'package-lock.json')))
    .digest('hex');
  const kept = readEvidence(kit.programRoot, EVIDENCE);
  if (kept?.subject === lockFile && kit.clock.now() - Date.parse(kept.at) <= maxAgeMs)
    return auditIn(kept.at, kept.figures);
  if (!kit.network) return undefined;
  const at = isoTime(kit.clock.now());
  const figures = await askRegistry(kit, signal);
  writeEvidence(kit.programRoot, { name: EVIDENCE, at, subject: lockFile, commit: null, figures });
  return auditIn(at, figures);
}

function auditIn(at: string, figures: JsonObject): Audit {
  const counts = Object.entries(objectIn(figures, 'vulnerabilities') ?? {});
  return {
    at,
    packages: numberIn(figures, 'packages') ?? 0,
    vulnerabilities: Object.fromEntries(counts.map(([severity, count]) => [severity, Number(count)])),
  };
}

/** npm exits 1 both for vulnerabilities and for a registry that does not answer: only its report tells which. */
async function askRegistry({ programRoot, host }: AuditKit, signal: AbortSignal): Promise<JsonObject> {
  const line = sh`cd ${programRoot} && npm audit --omit=dev --json`;
  const { stdout, exitCode } = await host.exec(line, { timeoutMs: REGISTRY_TIMEOUT_MS, signal });
  const report = parsed(stdout);
  const metadata = objectIn(report, 'metadata');
  const vulnerabilities = objectIn(metadata, 'vulnerabilities');
  if (vulnerabilities === undefined) {
    const status = numberIn(report, 'statusCode') ?? `npm exited ${exitCode}`;
    throw new OmpayError('hostUnreachable', `the registry gave no audit (${status})`, {
      hint: 'look at what it says: npm audit --omit=dev',
    });
  }
  const packages = numberIn(objectIn(metadata, 'dependencies'), 'prod') ?? 0;
  return { packages, vulnerabilities };
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: JsonObject = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
