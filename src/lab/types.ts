export const DISTRIBUTIONS = ['bookworm', 'trixie', 'sid'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

/** What a lab is, decided by its first `up` and kept in its record until `down`. */
export interface Lab {
  readonly id: string;
  /** Of the hosts that name none of their own. */
  readonly distribution: Distribution;
  /** N of 10.77.N.0/24. */
  readonly subnet: number;
  readonly disks: DiskKind;
  readonly mirrors: LabMirrors;
  readonly hosts: readonly LabHost[];
}

/** Overlay: only what a host changes is written. A copy where the file system cannot bear an overlay. */
export type DiskKind = 'overlay' | 'copy';

export interface LabHost {
  readonly name: string;
  /** From 0, in the order of `--hosts`. */
  readonly index: number;
  readonly address: string;
  readonly distribution: Distribution;
}

/** Archives, as addresses that apt reads. */
export interface LabMirrors {
  readonly main: string;
  /** Empty when the machine's own sources name none, or the distribution has none. */
  readonly security: string;
}

/** Each once, in the order of the hosts. */
export function distributionsOf({ hosts }: Pick<Lab, 'hosts'>): readonly Distribution[] {
  return [...new Set(hosts.map(({ distribution }) => distribution))];
}
