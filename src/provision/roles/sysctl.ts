import { type Shell, sh } from '../../shell/line.ts';
import { rootFile, rootFolder, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** What the kernel allows, written for the next start and in force now. Keys that a kernel has not, or does not let be set, are passed over. */
export const sysctlRole: Role<HostInput> = {
  name: 'sysctl',
  guard: null,
  isOn: () => true,
  notes: ({ facts }) =>
    facts.isContainer ? ['of sysctl only what the machine below lets be set is in force'] : [],
  resources: ({ facts }) => {
    const content = template('sysctl/60-ompay.conf');
    const values = valuesIn(content).filter(
      ({ path }) => !facts.isContainer || path.startsWith('/proc/sys/net/'),
    );
    return [
      rootFile({ path: '/etc/sysctl.d/60-ompay.conf', content }),
      rootFolder('/etc/modprobe.d'),
      rootFile({ path: '/etc/modprobe.d/60-ompay.conf', content: template('modprobe/60-ompay.conf') }),
      setting({ name: 'the kernel has these values', holds: allHold(values), apply: setAll(values) }),
    ];
  },
};

interface Value {
  readonly path: string;
  readonly value: string;
}

function valuesIn(content: string): readonly Value[] {
  return content.split('\n').flatMap((line) => {
    const match = /^([a-z0-9_.-]+) = (.+)$/.exec(line);
    const [, key = '', value = ''] = match ?? [];
    return match === null ? [] : [{ path: `/proc/sys/${key.replaceAll('.', '/')}`, value }];
  });
}

/** Without a process for each: it is asked in every look. */
function allHold(values: readonly Value[]): Shell {
  const is = sh`is() { [ ! -w "$1" ] || { read -r a b c <"$1"; [ "$a\${b:+ $b}\${c:+ $c}" = "$2" ]; }; }`;
  return values.reduce<Shell>((line, { path, value }) => sh`${line} && is ${path} ${value}`, sh`${is}\ntrue`);
}

function setAll(values: readonly Value[]): Shell {
  const put = sh`put() { [ ! -w "$1" ] || printf '%s\n' "$2" >"$1"; }`;
  return values.reduce<Shell>(
    (line, { path, value }) => sh`${line} && put ${path} ${value}`,
    sh`${put}\ntrue`,
  );
}
