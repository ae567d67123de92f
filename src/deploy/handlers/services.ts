import type { Handlers } from '../../plan/act.ts';
import type { LocalServices } from '../services.ts';

/** Starting and stopping what outlives releases. */
export function serviceHandlers(services: LocalServices): Handlers {
  return {
    'services.shutdown': async () => {
      await services.shutdown();
      return {};
    },
    'front.ensure': async ({ port }) => {
      await services.ensureFront(Number(port));
      return {};
    },
    'database.ensure': async () => {
      await services.ensureDatabase();
      return {};
    },
    'supervisor.ensure': async () => {
      await services.ensureSupervisor();
      return {};
    },
  };
}
