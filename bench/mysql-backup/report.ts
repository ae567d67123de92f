/** What one part saw. */
export interface Part {
  readonly title: string;
  /** Markdown. */
  readonly lines: readonly string[];
  /** Bars that were not kept. */
  readonly missed: readonly string[];
}

export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}

/** Empty when it is kept. */
export function missedBar(what: string, seen: number, bar: number): readonly string[] {
  return seen <= bar
    ? []
    : [
        `${what}: ${seen.toLocaleString('en', { maximumFractionDigits: 1 })}, the bar is ${bar.toLocaleString('en')}`,
      ];
}

export function shownPart({ title, lines, missed }: Part): string {
  const verdict = missed.length === 0 ? [] : ['', ...missed.map((each) => `**Missed**: ${each}.`)];
  return [`## ${title}`, '', ...lines, ...verdict, ''].join('\n');
}
