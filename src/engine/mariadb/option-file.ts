import type { MysqlAccess } from '../mysql/access.ts';

/** What a stock program reads to reach the server: a password in argv would be seen by every user of the machine. */
export function optionFile(
  { place, username, password }: MysqlAccess,
  program: 'mariadb-backup' | 'mariadb-dump' | 'mysqldump' = 'mariadb-backup',
): string {
  const verified =
    program === 'mysqldump' ? { 'ssl-mode': 'VERIFY_IDENTITY' } : { 'ssl-verify-server-cert': 'ON' };
  const where =
    'socketPath' in place
      ? { socket: place.socketPath }
      : {
          host: place.host,
          port: String(place.port),
          protocol: 'tcp',
          'ssl-ca': place.authorityPath,
          ...verified,
        };
  const options = { ...where, user: username, password: password.reveal() };
  const lines = Object.entries(options).map(([name, value]) => `${name}=${quoted(value)}`);
  return `[${program}]\n${lines.join('\n')}\n`;
}

/** "Option File Syntax": backslash escapes in a value, and quotes keep `#` and spaces. */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
