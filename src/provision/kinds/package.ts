import { call } from '../../plan/plan.ts';
import { defineKind } from '../kind.ts';
import { idOf } from '../resource.ts';

const INSTALL_MS = 1_500_000;

export const packageKind = defineKind({
  kind: 'package',
  look: (packages, family) => family.installed(packages.map(({ name }) => name)),
  changes: (packages, printed) => {
    const installed = new Set(
      printed
        .split('\n')
        .map((line) => line.split('\t'))
        .filter(([, state]) => state === 'installed')
        .map(([name]) => name),
    );
    return packages
      .filter(({ name }) => !installed.has(name))
      .map((each) => ({
        resource: idOf(each),
        shown: 'not installed',
        // Nothing is removed when a later step fails: what else depends on it by then is not known.
        actions: [
          {
            title: `install ${each.name}`,
            action: call('provision.install', { packages: [each.name] }, INSTALL_MS),
          },
        ],
        tells: [],
      }));
  },
});
