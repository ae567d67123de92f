import { type DirectorySettings, directoryStore } from './directory.ts';
import type { Store } from './store.ts';

export type StoreSettings = { readonly kind: 'directory' } & DirectorySettings;

/** Every kind of place for copies; a new one is a file beside this one and a line here. */
const STORE_BY_KIND = {
  directory: directoryStore,
} as const;

/** Opens nothing yet: a store connects when it is first used. */
export function storeOf(settings: StoreSettings): Store {
  return STORE_BY_KIND[settings.kind](settings);
}
