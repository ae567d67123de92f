import type { Evidence } from '../evidence.ts';
import type { CheckSources } from '../sources.ts';
import { type Unknown, unknown } from '../types.ts';

/** The evidence of that name for this very source; unknown when there is none, or only another source's. */
export async function freshEvidence(
  name: string,
  command: string,
  sources: CheckSources,
): Promise<Unknown | { readonly kind: 'fresh'; readonly evidence: Evidence }> {
  const evidence = await sources.evidence(name);
  if (evidence === undefined) return unknown(`${command} has not been run here`, command);
  const { sha256 } = await sources.source();
  if (evidence.subject === sha256) return { kind: 'fresh', evidence };
  const of = evidence.commit === null ? '' : ` (${evidence.commit})`;
  return unknown(`${command} was last run on another source${of}, at ${evidence.at}`, command);
}
