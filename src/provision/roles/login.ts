import { type Shell, sh } from '../../shell/line.ts';
import { packages, rootFile, rootFolder, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** login.defs(5): ages of passwords in days, rounds of their hash, what new files allow. */
const LOGIN_DEFS: Readonly<Record<string, string>> = {
  PASS_MAX_DAYS: '365',
  PASS_MIN_DAYS: '1',
  SHA_CRYPT_MIN_ROUNDS: '10000',
  UMASK: '027',
};

/** People who log in, and what their processes leave behind. Keys are asked for; passwords are for sudo and the console. */
export const loginRole: Role<HostInput> = {
  name: 'login',
  guard: null,
  isOn: () => true,
  resources: ({ facts }) => [
    ...(facts.family === 'debian'
      ? packages('libpam-pwquality', 'libpam-tmpdir', 'debsums', 'apt-listchanges', 'acct')
      : packages('libpwquality', 'psacct')),
    rootFile({ path: '/etc/issue', content: template('login/issue.net') }),
    rootFolder('/etc/profile.d'),
    rootFile({ path: '/etc/profile.d/60-ompay.sh', content: template('login/60-ompay.sh') }),
    rootFile({
      path: '/etc/security/limits.d/60-ompay.conf',
      content: template('login/60-ompay-limits.conf'),
    }),
    rootFolder('/etc/systemd/coredump.conf.d'),
    rootFile({
      path: '/etc/systemd/coredump.conf.d/60-ompay.conf',
      content: template('login/coredump.conf'),
    }),
    setting({ name: 'login.defs is strict', holds: defsHold(), apply: setDefs() }),
    ...(facts.family === 'debian' ? cronFolders() : []),
    rootFolder('/etc/sudoers.d', 0o750),
  ],
};

/** What is run as root is root's to read. */
function cronFolders(): readonly Resource[] {
  return ['/etc/cron.d', '/etc/cron.daily', '/etc/cron.hourly', '/etc/cron.weekly', '/etc/cron.monthly'].map(
    (path) => rootFolder(path, 0o700),
  );
}

function defsHold(): Shell {
  const pairs = Object.entries(LOGIN_DEFS).map(([name, value]) => `${name}=${value}`);
  return sh`awk -v wanted=${pairs.join(' ')} 'BEGIN { n = split(wanted, pairs, " "); for (i = 1; i <= n; i++) { split(pairs[i], pair, "="); want[pair[1]] = pair[2] } }
$1 in want && !($1 in seen) && $2 == want[$1] { seen[$1]; held++ }
END { exit held != n }' /etc/login.defs`;
}

function setDefs(): Shell {
  return Object.entries(LOGIN_DEFS).reduce<Shell>(
    (line, [name, value]) =>
      sh`${line} && sed -i ${`/^[[:space:]]*${name}[[:space:]]/d`} /etc/login.defs && printf '%s\t%s\n' ${name} ${value} >>/etc/login.defs`,
    sh`true`,
  );
}
