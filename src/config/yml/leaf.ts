import type { Position } from '../../core/yaml-lines.ts';

/** A value where it is written. Null says: as if nobody had said anything. */
export interface Leaf {
  /** `hosts.web1.address`: from the environment on. */
  readonly path: string;
  readonly value: LeafValue | null;
  readonly origin: Origin;
}

/** As text, whatever its type: what it may be was judged before. */
export type LeafValue = string | readonly string[];

/** Who said so. */
export type Origin =
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly position: Position;
      /** `base` or an environment's name. */
      readonly layer: string;
    }
  | { readonly kind: 'default' }
  /** Follows from another value: `the address of db1`. */
  | { readonly kind: 'derived'; readonly from: string };

/** What is wrong at a place of a file. */
export interface Fault {
  readonly file: string;
  readonly position: Position;
  readonly message: string;
}

export function shownFault({ file, position, message }: Fault): string {
  return `${file} line ${position.line}, column ${position.column}: ${message}`;
}

export function shownOrigin(origin: Origin): string {
  if (origin.kind === 'default') return 'default';
  if (origin.kind === 'derived') return origin.from;
  return `${origin.layer}, ${origin.file}:${origin.position.line}:${origin.position.column}`;
}
