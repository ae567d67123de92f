import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { mariadbLog } from '../../../src/engine/mariadb/log-source.ts';
import { receiveBinlog } from '../../../src/engine/mysql/binlog/receiver.ts';

/** A receiver as a process of its own, to be killed: host, port, authority, user, password, folder, MariaDB's data folder. */
const [host = '', port = '', authorityPath = '', username = '', password = '', root = '', dataFolder = ''] =
  process.argv.slice(2);
const place = { host, port: Number(port), authorityPath };
await receiveBinlog(
  {
    access: { place, username, password: new Secret(password) },
    root,
    serverId: 77,
    clock: systemClock,
    ...(dataFolder === '' ? {} : { dialect: mariadbLog(dataFolder) }),
  },
  new AbortController().signal,
);
