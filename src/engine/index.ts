import type { Engine } from './engine.ts';
import { type PgliteSettings, pgliteEngine } from './pglite.ts';

export type EngineSettings = { readonly kind: 'pglite' } & PgliteSettings;

/** Every kind of database; a new one is a file beside this one and a line here. */
const ENGINE_BY_KIND = {
  pglite: pgliteEngine,
} as const;

/** Connects to nothing yet. */
export function engineOf(settings: EngineSettings): Engine {
  return ENGINE_BY_KIND[settings.kind](settings);
}
