import type { MysqlAccess } from '../mysql/access.ts';

/** What mariadb-backup reads to reach the server: a password in argv would be seen by every user of the machine. */
export function optionFile({ place, username, password }: MysqlAccess): string {
  const where =
    'socketPath' in place
      ? { socket: place.socketPath }
      : {
          host: place.host,
          port: String(place.port),
          protocol: 'tcp',
          'ssl-ca': place.authorityPath,
          'ssl-verify-server-cert': 'ON',
        };
  const options = { ...where, user: username, password: password.reveal() };
  const lines = Object.entries(options).map(([name, value]) => `${name}=${quoted(value)}`);
  return `[mariadb-backup]\n${lines.join('\n')}\n`;
}

/** "Option File Syntax": backslash escapes in a value, and quotes keep `#` and spaces. */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
