/** Memory of a process at one moment. */
export interface Sample {
  /** From the beginning of the load. */
  readonly atMs: number;
  readonly residentMb: number;
}

export interface Course {
  readonly firstMb: number;
  readonly medianMb: number;
  readonly mostMb: number;
  /** Of the straight line that fits best (least squares). */
  readonly mbAMinute: number;
}

/** What the samples from `fromMs` on tell; before it, the process is still warming up. Throws without any. */
export function courseOf(samples: readonly Sample[], fromMs: number): Course {
  const counted = samples.filter(({ atMs }) => atMs >= fromMs);
  const [first] = counted;
  if (first === undefined) throw new Error(`no sample after ${fromMs} ms`);
  const sizes = counted.map(({ residentMb }) => residentMb).toSorted((left, right) => left - right);
  return {
    firstMb: first.residentMb,
    medianMb: sizes[Math.floor(sizes.length / 2)] ?? 0,
    mostMb: sizes.at(-1) ?? 0,
    mbAMinute: slopeOf(counted) * 60_000,
  };
}

/** MB a millisecond. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanAt = mean(samples.map(({ atMs }) => atMs));
  const meanMb = mean(samples.map(({ residentMb }) => residentMb));
  let above = 0;
  let below = 0;
  for (const { atMs, residentMb } of samples) {
    above += (atMs - meanAt) * (residentMb - meanMb);
    below += (atMs - meanAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
