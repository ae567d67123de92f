import { messageOf, OmpayError } from '../../core/errors.ts';
import type { SftpChannel } from '../ssh/connect.ts';
import { type SshTarget, shownSshTarget } from '../ssh/target.ts';

export interface Session {
  readonly target: SshTarget;
  /** Connects where that is needed. */
  channel(): Promise<SftpChannel>;
  /** Gives up a connection that does not answer. */
  drop(): void;
}

/** What is asked, for the words of its error. */
export interface Request {
  readonly what: string;
  readonly path: string;
  /** The extension of the protocol that it takes. */
  readonly needs?: string;
}

/** Of one request; the largest is 256 KiB on the slowest line worth waiting for. */
export const REPLY_TIMEOUT_MS = 30_000;

/** draft-ietf-secsh-filexfer-02, section 7. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const CONNECTION_LOST = 7;
const UNSUPPORTED = 8;

type Done<Answer> = (error: Error | null | undefined, answer: Answer) => void;

/**
 * One request within its time limit. What is not there gives `otherwise.isAbsent`, where that is given, and else throws
 * `notFound`. A connection that does not answer in time is given up.
 */
export async function ask<Answer = void, Absent = never>(
  session: Session,
  request: Request,
  send: (channel: SftpChannel, done: Done<Answer>) => void,
  otherwise?: { readonly isAbsent: Absent },
): Promise<Answer | Absent> {
  const channel = await session.channel();
  const limit = AbortSignal.timeout(REPLY_TIMEOUT_MS);
  try {
    return await new Promise<Answer>((resolve, reject) => {
      limit.addEventListener('abort', () => reject(limit.reason), { once: true });
      send(channel, (error, answer) =>
        error === undefined || error === null ? resolve(answer) : reject(error),
      );
    });
  } catch (error) {
    if (statusOf(error) === NO_SUCH_FILE && otherwise !== undefined) return otherwise.isAbsent;
    if (limit.aborted) session.drop();
    throw refusalOf(session.target, request, limit.aborted, error);
  }
}

export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

function refusalOf(target: SshTarget, request: Request, isLate: boolean, cause: unknown): OmpayError {
  const where = shownSshTarget(target);
  const login = `-P ${target.port} ${target.user}@${target.address}`;
  const what = `${where} does not ${request.what} ${request.path}`;
  const status = statusOf(cause);
  if (isLate)
    return new OmpayError('timeout', `${what} within ${REPLY_TIMEOUT_MS} ms`, {
      hint: `sftp ${login}`,
      cause,
    });
  if (status === NO_SUCH_FILE)
    return new OmpayError('notFound', `${what}: it is not there`, { hint: `sftp ${login}`, cause });
  if (status === PERMISSION_DENIED)
    return new OmpayError('accessDenied', `${what}: permission is denied`, {
      hint: `let ${target.user} write there: ls -ld ${request.path}`,
      cause,
    });
  // ssh2 says of an extension that the server did not offer that it "does not support this extended request".
  if (status === UNSUPPORTED || (request.needs !== undefined && status === undefined))
    return new OmpayError(
      'stateUnusable',
      `${where} cannot ${request.needs ?? request.what}: ${messageOf(cause)}`,
      {
        hint: "copies need OpenSSH's own sftp-server on the host (docs/copies.md)",
        cause,
      },
    );
  if (status === undefined || status === CONNECTION_LOST)
    return new OmpayError('hostUnreachable', `${what}: the connection was lost (${messageOf(cause)})`, {
      hint: `sftp ${login}`,
      cause,
    });
  return new OmpayError('stateUnusable', `${what}: ${messageOf(cause)}`, {
    hint: `see its disk: ssh -p ${target.port} ${target.user}@${target.address} df -h`,
    cause,
  });
}
