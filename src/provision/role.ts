import type { Shell } from '../shell/line.ts';
import type { Family } from './families.ts';
import type { Resource } from './resource.ts';

/** What one part of a host is to be: one file in roles/ and a line in roles/index.ts. */
export interface Role<Input> {
  readonly name: string;
  /** Of what can shut its operator out: it is done last, and the host puts the old state back by itself. */
  readonly guard: Guard | null;
  /** Whether this host has it. */
  readonly isOn: (input: Input) => boolean;
  /** What it leaves out on this host, and why: told to the operator. */
  readonly notes?: (input: Input) => readonly string[];
  /** Pure. */
  readonly resources: (input: Input, family: Family) => readonly Resource[];
}

/** How the state before is kept on the host, and put back without its operator. */
export interface Guard {
  /** Kept whole; what is not there is left out. */
  readonly paths: readonly string[];
  /** Prints what is in force and in no file; it is given to `putBack` as the file `live`. Exits 0. */
  readonly live: Shell;
  /** Run in the folder with `live` once the paths are as they were. */
  readonly putBack: Shell;
}
