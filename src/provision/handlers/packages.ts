import type { Handlers } from '../../plan/act.ts';
import type { Family } from '../families.ts';
import { runOn } from './run.ts';

const INSTALL_MS = 1_200_000;

export interface PackagesKit {
  readonly familyOf: (host: string) => Family;
  /** How long another package manager is waited for. */
  readonly waitSeconds: number;
}

export function packageHandlers({ familyOf, waitSeconds }: PackagesKit): Handlers {
  return {
    'provision.install': async ({ packages }, { host, signal }) => {
      const names = [packages ?? []].flat().map(String);
      await runOn(host, familyOf(host.name).install(names, waitSeconds), {
        title: `install ${names.join(', ')}`,
        timeoutMs: INSTALL_MS,
        hint: `see what holds or breaks the package manager of ${host.name}, then provision again: the rest is done by then`,
        signal,
      });
      return { shown: `${names.length} packages` };
    },
  };
}
