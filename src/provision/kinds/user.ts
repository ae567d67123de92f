import { type Shell, sh } from '../../shell/line.ts';
import { type Change, defineKind } from '../kind.ts';
import type { UserResource } from '../resource.ts';

const CHANGE_MS = 20_000;

export const userKind = defineKind({
  kind: 'user',
  look: (users) =>
    users.reduce<Shell>(
      (lines, { name }) =>
        sh`${lines}getent passwd -- ${name} && printf 'groups:%s:%s\n' ${name} "$(id -nG -- ${name})"\n`,
      sh``,
    ),
  changes: (users, printed) => {
    const seen = readUsers(printed);
    return users.flatMap((user) => changesOf(user, seen.get(user.name)));
  },
});

interface SeenUser {
  readonly home: string;
  readonly shell: string;
  groups: readonly string[];
}

function readUsers(printed: string): ReadonlyMap<string, SeenUser> {
  const users = new Map<string, SeenUser>();
  for (const line of printed.split('\n')) {
    const fields = line.split(':');
    const [name = '', second = '', third = ''] = fields;
    const known = users.get(second);
    if (name === 'groups' && known !== undefined && fields.length === 3) known.groups = third.split(' ');
    else if (fields.length === 7)
      users.set(name, { home: fields[5] ?? '', shell: fields[6] ?? '', groups: [] });
  }
  return users;
}

function changesOf(user: UserResource, seen: SeenUser | undefined): readonly Change[] {
  const { name, home, shell, groups } = user;
  if (seen === undefined) {
    const make = sh`useradd --system --user-group --home-dir ${home} --shell ${shell} ${groupsOption(groups)} ${name}`;
    return [changing(name, 'not there', `add the user ${name}`, make, sh`userdel ${name}`)];
  }
  const missing = groups.filter((group) => !seen.groups.includes(group));
  const differences = [
    ...(seen.home === home ? [] : [`home ${seen.home} → ${home}`]),
    ...(seen.shell === shell ? [] : [`shell ${seen.shell} → ${shell}`]),
    ...(missing.length === 0 ? [] : [`not in ${missing.join(', ')}`]),
  ];
  if (differences.length === 0) return [];
  const alter = sh`usermod --home ${home} --shell ${shell} ${missing.length === 0 ? sh`` : sh`--append --groups ${missing.join(',')}`} ${name}`;
  const back = sh`usermod --home ${seen.home} --shell ${seen.shell} --groups ${seen.groups.join(',')} ${name}`;
  return [changing(name, differences.join(', '), `change the user ${name}`, alter, back)];
}

function groupsOption(groups: readonly string[]): Shell {
  return groups.length === 0 ? sh`` : sh`--groups ${groups.join(',')}`;
}

function changing(name: string, shown: string, title: string, line: Shell, undo: Shell): Change {
  return {
    resource: `user ${name}`,
    shown,
    tells: [],
    actions: [
      {
        title,
        action: { kind: 'exec', line, timeoutMs: CHANGE_MS },
        undo: { kind: 'exec', line: undo, timeoutMs: CHANGE_MS },
      },
    ],
  };
}
