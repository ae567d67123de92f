import type { Witness } from '../../deploy/observation/witness.ts';
import type { Handlers } from '../../plan/act.ts';
import { once } from './once.ts';

/**
 * Handlers whose code is read when the first of them is called: a rollback needs few, and what they all stand on (drivers of
 * databases, engines, ciphers) takes longer to read than the rollback takes.
 * @param names all that `load` gives; it is called once, so what the handlers remember is remembered.
 */
export function deferredHandlers(names: readonly string[], load: () => Promise<Handlers>): Handlers {
  const loaded = once(load);
  return Object.fromEntries(
    names.map((name) => [
      name,
      async (input, context) => {
        const handler = (await loaded())[name];
        if (handler === undefined) throw new TypeError(`${name} is not among the handlers that were put off`);
        return handler(input, context);
      },
    ]),
  );
}

/** The same of a witness. */
export function deferredWitness(load: () => Promise<Witness>): Witness {
  const loaded = once(load);
  return {
    ledgerPosition: async () => (await loaded()).ledgerPosition(),
    during: async (position, work) => (await loaded()).during(position, work),
  };
}
