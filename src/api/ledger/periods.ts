export interface Periods {
  /** `d:2026-11-22` */
  readonly day: string;
  /** `m:2026-11` */
  readonly month: string;
}

/** The periods of usage counters. Dakar keeps UTC all year. */
export function periodsAt(epochMs: number): Periods {
  const date = new Date(epochMs).toISOString();
  return { day: `d:${date.slice(0, 10)}`, month: `m:${date.slice(0, 7)}` };
}
