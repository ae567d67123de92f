import type { Environment } from '../config/key.ts';
import type { Finding, Severity, Verdict } from './types.ts';

/**
 * Whether a verdict stops the operation. What failed stops it everywhere; what could not be looked at stops it in
 * production alone, since elsewhere it is only shown; what merely warns never does.
 */
export function blocks(
  verdict: Pick<Verdict, 'kind'>,
  where: { readonly severity: Severity; readonly environment: Environment },
): boolean {
  if (where.severity === 'warn') return false;
  if (verdict.kind === 'fail') return true;
  return verdict.kind === 'unknown' && where.environment === 'production';
}

/** The verdict of a check with several probes: the worst of them, or all that they saw when every one is well. */
export function worst(findings: readonly Finding[]): Finding {
  const bad = findings.find(({ kind }) => kind === 'fail') ?? findings.find(({ kind }) => kind === 'unknown');
  if (bad !== undefined) return bad;
  return { kind: 'pass', observed: findings.map(observedOf).join('; ') };
}

/** What a probe saw, whatever it thinks of it. */
export function observedOf(finding: Finding): string {
  return finding.kind === 'unknown' ? `unknown: ${finding.why}` : finding.observed;
}
