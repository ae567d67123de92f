import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/core/clock.ts';
import { type ReceiverSettings, receiveBinlog } from '../../../src/engine/mysql/binlog/receiver.ts';
import { FIRST_STATUS, type ReceiverStatus } from '../../../src/engine/mysql/binlog/status.ts';
import type { MysqlSource } from './source.ts';

export interface Receiving {
  status(): ReceiverStatus;
  /** Waits until the status is so. Throws with the last status after a minute. */
  until(what: (status: ReceiverStatus) => boolean): Promise<ReceiverStatus>;
  stop(): Promise<void>;
}

export function startReceiving(
  source: Pick<MysqlSource, 'access'>,
  settings: Partial<ReceiverSettings> & { root: string },
): Receiving {
  const controller = new AbortController();
  let status = FIRST_STATUS;
  const running = receiveBinlog(
    {
      access: source.access,
      serverId: 77,
      clock: systemClock,
      ...settings,
      onStatus: (next) => {
        status = next;
      },
    },
    controller.signal,
  );
  running.catch(() => undefined);
  return {
    status: () => status,
    until: async (what) => {
      for (let look = 0; look < 3000; look += 1) {
        if (what(status)) return status;
        await systemClock.sleep(20);
      }
      throw new Error(`the receiver did not come so far: ${JSON.stringify(status)}`);
    },
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}

export interface ReceiverProcess {
  kill(): Promise<void>;
}

/** With a data folder the server is a MariaDB. */
export function startReceiverProcess(
  { access }: Pick<MysqlSource, 'access'>,
  root: string,
  dataFolder = '',
): ReceiverProcess {
  if (!('host' in access.place)) throw new Error('it is reached over TCP');
  const { host, port, authorityPath } = access.place;
  const entry = fileURLToPath(new URL('receiver-process.ts', import.meta.url));
  const args = [
    entry,
    host,
    `${port}`,
    authorityPath,
    access.username,
    access.password.reveal(),
    root,
    dataFolder,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const killAtExit = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killAtExit);
  return {
    kill: async () => {
      process.off('exit', killAtExit);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
