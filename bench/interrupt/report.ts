import type { LoadResult } from '../switch/load.ts';
import type { Attempt } from './campaign.ts';
import type { FirstResult } from './first.ts';

export interface CampaignResult {
  readonly stage: string;
  readonly attempts: readonly Attempt[];
  readonly load: LoadResult & {
    readonly ledger: { readonly missing: number; readonly doubled: number; readonly sumXof: number };
  };
}

/** Prints the figures; true when every point that was hit converged and nobody lost anything. */
export function printCampaign(
  results: readonly CampaignResult[],
  first: FirstResult,
  say: (line: string) => void,
): boolean {
  const attempts = results.flatMap((result) => result.attempts);
  say('');
  say('| interrupted | then | points hit | converged | not reached | recovery, median / worst |');
  say('|---|---|---|---|---|---|');
  const kinds = new Set(attempts.map(({ command, recovery }) => `${command} | ${recovery}`));
  for (const kind of [...kinds].sort()) {
    const these = attempts.filter(({ command, recovery }) => `${command} | ${recovery}` === kind);
    const hit = these.filter(({ wasHit }) => wasHit);
    const good = hit.filter(({ problems }) => problems.length === 0);
    const times = hit.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
    const shown = `${Math.round(times[Math.floor(times.length / 2)] ?? 0)} / ${Math.round(times.at(-1) ?? 0)} ms`;
    say(`| ${kind} | ${hit.length} | ${good.length} | ${these.length - hit.length} | ${shown} |`);
  }
  const bad = attempts.filter(({ problems }) => problems.length > 0);
  for (const { command, recovery, point, problems } of bad)
    say(`FAILED: ${command} killed ${point.shown}, then ${recovery}: ${problems.join('; ')}`);
  const loads = results.map((result) => printLoad(result, say));
  const hits = attempts.filter(({ wasHit }) => wasHit).length;
  say(`${hits} points tried, ${hits - bad.filter(({ wasHit }) => wasHit).length} passed`);
  if (first.tried > 0) say(`${first.tried} first deploys killed, ${first.problems.length} problems`);
  return bad.length === 0 && first.problems.length === 0 && loads.every((each) => each);
}

export function printLoad({ stage, attempts, load }: CampaignResult, say: (line: string) => void): boolean {
  const { ledger } = load;
  say(
    `${stage}: ${load.requests} requests (${Math.round((1000 * load.requests) / load.durationMs)}/s), ${load.failed} failed ${JSON.stringify(load.failures)}, ${load.refused} refused, P99 ${load.p99Ms} ms, worst ${load.worstMs} ms; ${load.references.length} acknowledged transfers: ${ledger.missing} missing, ${ledger.doubled} doubled; entries sum to ${ledger.sumXof} XOF`,
  );
  for (const failedAtMs of load.failedAtMs.slice(0, 50)) {
    const during = attempts.find((each) => each.startedAtMs <= failedAtMs && failedAtMs <= each.endedAtMs);
    say(
      `  failed request during: ${during === undefined ? 'none of them' : `${during.command} killed ${during.point.shown}, then ${during.recovery}`}`,
    );
  }
  return load.failed === 0 && ledger.missing === 0 && ledger.doubled === 0 && ledger.sumXof === 0;
}
