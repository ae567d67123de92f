import { dirname } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { sh } from '../../shell/line.ts';
import { MAX_FILE_BYTES } from '../host.ts';
import { type Run, run, type Session } from './exec.ts';

const BASE_MS = 60_000;
/** The slowest line that is worth waiting for. */
const LEAST_BYTES_PER_MS = 100;
const MAX_MESSAGE_BYTES = 65_536;
/** Told by our own line, as no message may be matched. */
const IS_ABSENT = 44;

/** Temporary file beside it, fsync, rename, fsync of the folder. Repeatable: a part of a file never gets the name. */
export async function putOver(
  session: Session,
  content: Uint8Array,
  path: string,
  mode: number,
): Promise<void> {
  const line = sh`umask 077
part=${path}.ompay-$$.part
trap 'rm -f "$part"' EXIT
head -c ${content.length} >"$part" && [ "$(wc -c <"$part")" -eq ${content.length} ] && chmod ${mode.toString(8)} "$part" &&
sync "$part" && mv -fT "$part" ${path} && sync ${dirname(path)}`;
  const { exitCode, error } = await run(
    session,
    { ...line, shown: `put ${path}` },
    {
      input: content,
      timeoutMs: BASE_MS + content.length / LEAST_BYTES_PER_MS,
      maxBytes: MAX_MESSAGE_BYTES,
      operationId: undefined,
    },
  );
  if (exitCode !== 0) throw failed(session, `${path} could not be written`, error);
}

export async function getOver(session: Session, path: string): Promise<Uint8Array> {
  const line = sh`[ -e ${path} ] || exit ${IS_ABSENT}; exec head -c ${MAX_FILE_BYTES + 1} ${path}`;
  const got: Run = await run(
    session,
    { ...line, shown: `get ${path}` },
    {
      input: Buffer.alloc(0),
      timeoutMs: BASE_MS + MAX_FILE_BYTES / LEAST_BYTES_PER_MS,
      maxBytes: MAX_FILE_BYTES + MAX_MESSAGE_BYTES,
      operationId: undefined,
    },
  );
  const { name } = session.target;
  if (got.exitCode === IS_ABSENT) {
    throw new OmpayError('notFound', `${path} does not exist on ${name}`, { hint: `ls -l ${dirname(path)}` });
  }
  if (got.exitCode !== 0) throw failed(session, `${path} could not be read`, got.error);
  if (got.out.length > MAX_FILE_BYTES) {
    throw failed(session, `${path} is larger than ${MAX_FILE_BYTES} bytes`, Buffer.alloc(0));
  }
  return got.out;
}

function failed({ target }: Session, what: string, said: Buffer): OmpayError {
  const words = said.toString('utf8').trim();
  return new OmpayError('commandFailed', `${what} on ${target.name}${words === '' ? '' : `: ${words}`}`, {
    hint: `see its folder and disk: ssh -p ${target.port} ${target.user}@${target.address} df -h`,
  });
}
