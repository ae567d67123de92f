import { type Shell, sh } from '../../shell/line.ts';
import { defineKind } from '../kind.ts';
import { idOf } from '../resource.ts';

export const settingKind = defineKind({
  kind: 'setting',
  look: (settings) =>
    settings.reduce<Shell>(
      (lines, { name, holds }) =>
        sh`${lines}if ( ${holds} ) >/dev/null 2>&1 </dev/null; then printf '%s\n' ${name}; fi\n`,
      sh``,
    ),
  changes: (settings, printed) => {
    const held = new Set(printed.split('\n'));
    return settings
      .filter(({ name }) => !held.has(name))
      .map((setting) => ({
        resource: idOf(setting),
        shown: 'not so',
        // Each `apply` is safe to repeat; what it replaced is not known, so nothing is undone.
        actions: [
          {
            title: setting.name,
            action: { kind: 'exec', line: setting.apply, timeoutMs: setting.timeoutMs } as const,
          },
        ],
        tells: setting.tells ?? [],
      }));
  },
});
