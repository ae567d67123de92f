import type { Handlers } from '../../plan/act.ts';
import type { LocalServices } from '../services.ts';

/** Starting and stopping what outlives releases. */
export function serviceHandlers(services: LocalServices): Handlers {
  return {
    'services.shutdown': async () => {
      await services.shutdown();
      return {};
    },
    'front.ensure': async ({ port, anew }, { signal }) => {
      await services.ensureFront(Number(port), anew === true, signal);
      return {};
    },
    'database.ensure': async ({ anew }, { signal }) => {
      await services.ensureDatabase(anew === true, signal);
      return {};
    },
    'supervisor.ensure': async () => {
      await services.ensureSupervisor();
      return {};
    },
  };
}
