import type { Leaf } from './leaf.ts';

/** What a file says of one environment, or of `base`. */
export interface Layer {
  readonly name: string;
  readonly leaves: readonly Leaf[];
}

/** The layers of an environment, the nearest first; it ends before a name that is unknown or comes again. */
export function chainOf(name: string, layers: ReadonlyMap<string, Layer>): readonly Layer[] {
  const chain: Layer[] = [];
  let next = layers.get(name);
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    next = layers.get(parentOf(next)?.value ?? '');
  }
  return chain;
}

/** The environment that a layer inherits, and where it says so. */
export function parentOf(layer: Layer): (Leaf & { readonly value: string }) | undefined {
  return layer.leaves.find(
    (leaf): leaf is Leaf & { readonly value: string } =>
      leaf.path === 'inherits' && typeof leaf.value === 'string',
  );
}

/** The nearest says last. Null takes away what is inherited, with all below it (`hosts: { web2: null }`). */
export function merged(chain: readonly Layer[]): ReadonlyMap<string, Leaf> {
  const found = new Map<string, Leaf>();
  for (const leaf of chain.toReversed().flatMap((layer) => layer.leaves)) {
    for (const path of found.keys())
      if (leaf.value === null && isAtOrBelow(path, leaf.path)) found.delete(path);
    if (leaf.value !== null) found.set(leaf.path, leaf);
  }
  return found;
}

function isAtOrBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || above === '';
}
