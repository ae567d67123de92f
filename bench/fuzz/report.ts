import type { FuzzFinding, FuzzResult } from './campaign.ts';

/** Findings shown in full; of more, the count tells. */
const MOST_SHOWN = 30;

export function fuzzLines(
  name: string,
  run: { readonly seed: number; readonly result: FuzzResult; readonly durationMs: number },
): readonly string[] {
  const { findings, broken, requests, seen } = run.result;
  return [
    `# ${requests} requests from the routes' own schemas, on ${name}`,
    '',
    `Seed ${run.seed}, ${Math.round(run.durationMs / 1000)} s; ${findings.length} answers with problems; the ledger and other people's money: ${broken.join('; ') || 'untouched'}.`,
    '',
    '| operation | answers by status |',
    '|---|---|',
    ...rowsOf(seen),
    ...(findings.length === 0 ? [] : ['', ...findings.slice(0, MOST_SHOWN).map(shown)]),
  ];
}

function rowsOf(seen: ReadonlyMap<string, number>): readonly string[] {
  const byOperation = Map.groupBy([...seen].toSorted(), ([name]) => name.split(' ')[0] ?? '');
  return [...byOperation].map(([operation, statuses]) => {
    const counts = statuses.map(([name, count]) => `${name.split(' ')[1]}: ${count}`);
    return `| ${operation} | ${counts.join(', ')} |`;
  });
}

function shown({ request, status, problems, body }: FuzzFinding): string {
  const sent = `${request.method} ${request.path.slice(0, 200)} ${(request.body ?? '').slice(0, 200)}`;
  return `- ${request.operationId}: ${problems.join('; ')}. Sent: \`${sent}\` ${JSON.stringify(request.headers).slice(0, 300)}; heard ${status}: \`${body}\``;
}
