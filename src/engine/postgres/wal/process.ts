import { join } from 'node:path';
import { OmpayError } from '../../../core/errors.ts';
import { temporaryFolder } from '../../../core/unfinished.ts';
import {
  cannotBeStarted,
  lastError,
  reapProcess,
  type ScratchProcess,
  type ScratchProgram,
  startProcess,
} from '../../scratch-process.ts';
import { connectionText, shownPlace } from '../access.ts';
import type { PostgresSettings } from '../settings.ts';
import { RECEIVER_NAME } from './server.ts';

/** After SIGINT it has written down what it received. */
const PG_RECEIVEWAL: ScratchProgram = {
  name: 'pg_receivewal',
  purpose: 'receiver',
  packageName: 'postgresql-15',
  cleanSignal: 'SIGINT',
  killSignal: 'SIGINT',
  errorLine: /error:/,
};

export interface WalProcess extends Pick<ScratchProcess, 'end'> {
  /** Why it runs no more; undefined while it does. */
  error(): OmpayError | undefined;
  /** The server has no more what it asked for. */
  isGap(): boolean;
}

/** Receives into `folder` from where its files end, or from where the slot begins. The password is in its environment. */
export async function startReceiver(
  { source, programFolder }: Pick<PostgresSettings, 'source' | 'programFolder'>,
  folder: string,
  slot: string,
): Promise<WalProcess> {
  const options = [
    ...[`--directory=${folder}`, `--slot=${slot}`, `--dbname=${connectionText(source, RECEIVER_NAME)}`],
    ...['--synchronous', '--no-loop', '--no-password', '--status-interval=1'],
  ];
  const running = await startProcess(PG_RECEIVEWAL, folder, {
    command: [join(programFolder, 'pg_receivewal'), ...options],
    socketFolder: temporaryFolder(PG_RECEIVEWAL.purpose),
    env: { LC_ALL: 'C', PGPASSWORD: source.password.reveal() },
  });
  const error = (): OmpayError | undefined => {
    const cause = running.failure();
    if (cause !== undefined) return cannotBeStarted(PG_RECEIVEWAL, cause);
    const { exitCode, signalCode } = running.child;
    if (exitCode === null && signalCode === null) return undefined;
    const why = lastError(PG_RECEIVEWAL, running.log()) || `it ended (${signalCode ?? exitCode})`;
    const what = `the log of ${shownPlace(source)} is not received: ${why.replace(/^pg_receivewal: /, '')}`;
    return new OmpayError('databaseUnavailable', what, {
      hint: 'look at the server: systemctl status postgresql, then its log',
    });
  };
  return { end: running.end, error, isGap: () => running.log().includes('has already been removed') };
}

/** Ends the one that a killed receiver left. */
export function reapReceiver(folder: string): Promise<void> {
  return reapProcess(PG_RECEIVEWAL, folder);
}
