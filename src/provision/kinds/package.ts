import { type Change, defineKind } from '../kind.ts';

const INSTALL_MS = 600_000;

/** One change for all that are missing: a package manager started once is quicker, and resolves them together. */
export const packageKind = defineKind({
  kind: 'package',
  look: (packages, family) => family.installed(packages.map(({ name }) => name)),
  changes: (packages, printed, family): readonly Change[] => {
    const installed = new Set(
      printed
        .split('\n')
        .map((line) => line.split('\t'))
        .filter(([, state]) => state === 'installed')
        .map(([name]) => name),
    );
    const missing = packages.map(({ name }) => name).filter((name) => !installed.has(name));
    if (missing.length === 0) return [];
    return [
      {
        resource: `package ${missing.join(', ')}`,
        shown: 'not installed',
        // Nothing is removed when a later step fails: what it depends on, and what others put to use since, is not known.
        actions: [
          {
            title: `install ${missing.join(', ')}`,
            action: { kind: 'exec', line: family.install(missing), timeoutMs: INSTALL_MS },
          },
        ],
        tells: [],
      },
    ];
  },
});
