import { type Shell, sh } from '../../shell/line.ts';
import { type Change, defineKind } from '../kind.ts';
import { idOf, type UserResource } from '../resource.ts';

const CHANGE_MS = 20_000;

export const userKind = defineKind({
  kind: 'user',
  look: (users) =>
    users.reduce<Shell>(
      (lines, { name }) =>
        sh`${lines}getent passwd -- ${name} && printf 'groups:%s:%s\n' ${name} "$(id -Gn -- ${name})"\n`,
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
  /** Its own first. */
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
  if (seen === undefined)
    return [changing(user, 'not there', `add the user ${user.name}`, sh`userdel ${user.name}`)];
  const others = seen.groups.slice(1);
  const missing = user.groups.filter((group) => !seen.groups.includes(group));
  const tooMany = others.filter((group) => !user.groups.includes(group));
  const differences = [
    ...(seen.home === user.home ? [] : [`home ${seen.home} → ${user.home}`]),
    ...(seen.shell === user.shell ? [] : [`shell ${seen.shell} → ${user.shell}`]),
    ...(missing.length === 0 ? [] : [`not in ${missing.join(', ')}`]),
    ...(tooMany.length === 0 ? [] : [`in ${tooMany.join(', ')}`]),
  ];
  if (differences.length === 0) return [];
  const back = alter({ ...user, ...seen, groups: others });
  return [changing(user, differences.join(', '), `change the user ${user.name}`, back)];
}

/** Also right when a package has made the user since it was looked at, or left its group behind. */
function changing(user: UserResource, shown: string, title: string, undo: Shell): Change {
  const { name, home, shell, groups } = user;
  const words = ['--system', '--home-dir', home, '--no-create-home', '--shell', shell];
  const others = groups.length === 0 ? [] : ['--groups', groups.join(',')];
  const add = sh`own=--user-group; if getent group -- ${name} >/dev/null; then own="--gid="${name}; fi
useradd ${words} "$own" ${others} -- ${name}`;
  const line = sh`if getent passwd -- ${name} >/dev/null; then ${alter(user)}; else ${add}\nfi`;
  return {
    resource: idOf(user),
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

function alter({ name, home, shell, groups }: UserResource): Shell {
  return sh`usermod --home ${home} --shell ${shell} --groups ${groups.join(',')} -- ${name}`;
}
