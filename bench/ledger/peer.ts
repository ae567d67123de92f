/** Preloaded into an API process that runs from source: its ledger is then that of peer-ledger.ts. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === './ledger/ledger.ts' && context.parentURL?.endsWith('/src/api/run.ts') === true
      ? next(new URL('./peer-ledger.ts', import.meta.url).href, context)
      : next(specifier, context),
});
