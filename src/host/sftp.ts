import { systemClock } from '../core/clock.ts';
import { Gate } from './gate.ts';
import { ask, REPLY_TIMEOUT_MS, type Session } from './sftp/ask.ts';
import { readFile } from './sftp/read.ts';
import { writeNewFile } from './sftp/write.ts';
import type { Connection, FileAttributes, SftpChannel } from './ssh/connect.ts';
import { sshLink } from './ssh/link.ts';
import type { SshTarget } from './ssh/target.ts';

export interface RemoteFile {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isFile: boolean;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface WriteRequest {
  readonly mode: number;
  readonly content: AsyncIterable<Uint8Array> | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Files of another machine by SFTP, over one connection that is made when it is first needed and made anew when it was
 * lost. Paths are absolute. Each request has a time limit; none is repeated.
 *
 * Throws OmpayError: `hostUnreachable`, `hostNotTrusted`, `accessDenied`, `timeout`; `stateUnusable` for what the host
 * refuses or cannot do (extensions of OpenSSH: PROTOCOL, section 4).
 */
export interface Sftp {
  /** Undefined when there is none. */
  stat(path: string): Promise<Omit<RemoteFile, 'name'> | undefined>;
  /** Undefined when there is no such folder. */
  list(folder: string): Promise<readonly RemoteFile[] | undefined>;
  /** Does nothing when it is there. */
  makeFolder(path: string, mode: number): Promise<void>;
  read(path: string): AsyncIterable<Uint8Array>;
  /** A file that was not there, synced (fsync@openssh.com) before this resolves with its size. */
  writeNew(path: string, request: WriteRequest): Promise<number>;
  syncFolder(path: string): Promise<void>;
  /** Atomically, over what may be there (posix-rename@openssh.com). */
  replace(from: string, to: string): Promise<void>;
  /** A second name (hardlink@openssh.com), atomically; false when that name is taken. */
  link(from: string, to: string): Promise<boolean>;
  /** Does nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** False when it is in use or not there. */
  removeFolder(path: string): Promise<boolean>;
  close(): void;
}

const LINK_OPTIONS = { connectMs: 10_000, attempts: 3 };

/** Nothing is connected yet. */
export function openSftp(target: SshTarget): Sftp {
  const link = sshLink(target, { ...LINK_OPTIONS, clock: systemClock, handshakes: new Gate(1) });
  const held: { channel?: SftpChannel; connection?: Connection } = {};
  const session: Session = {
    target,
    channel: async () => {
      const connection = await link.connection();
      if (held.channel !== undefined && held.connection === connection) return held.channel;
      const channel = await connection.sftp();
      held.channel = channel;
      held.connection = connection;
      return channel;
    },
    drop: () => held.connection?.end(),
  };
  return { ...files(session), ...folders(session), close: link.close };
}

const TYPE_MASK = 0o170000;
const FOLDER = 0o040000;
const FILE = 0o100000;

function described({
  mode,
  size,
  mtime,
}: Pick<FileAttributes, 'mode' | 'size' | 'mtime'>): Omit<RemoteFile, 'name'> {
  const type = mode & TYPE_MASK;
  return { isFolder: type === FOLDER, isFile: type === FILE, sizeBytes: size, modifiedAtMs: mtime * 1000 };
}

interface Entry {
  readonly filename: string;
  readonly attrs: Pick<FileAttributes, 'mode' | 'size' | 'mtime'>;
}

function attributesOf(session: Session, path: string): Promise<FileAttributes | undefined> {
  return ask<FileAttributes, undefined>(
    session,
    { what: 'look at', path },
    (channel, done) => channel.stat(path, done),
    { isAbsent: undefined },
  );
}

function files(session: Session): Pick<Sftp, 'stat' | 'read' | 'writeNew' | 'replace' | 'link' | 'remove'> {
  const stat: Sftp['stat'] = async (path) => {
    const answer = await attributesOf(session, path);
    return answer === undefined ? undefined : described(answer);
  };
  return {
    stat,
    read: (path) => readFile(session, path),
    writeNew: (path, request) => writeNewFile(session, path, request),
    replace: (from, to) =>
      ask(session, { what: 'rename to', path: to, needs: 'posix-rename@openssh.com' }, (channel, done) =>
        channel.ext_openssh_rename(from, to, done),
      ),
    link: async (from, to) => {
      try {
        await ask(session, { what: 'link', path: to, needs: 'hardlink@openssh.com' }, (channel, done) =>
          channel.ext_openssh_hardlink(from, to, done),
        );
        return true;
      } catch (error) {
        // SFTP says only "Failure" of a name that is taken.
        if ((await stat(to)) !== undefined) return false;
        throw error;
      }
    },
    remove: async (path) => {
      await ask(session, { what: 'remove', path }, (channel, done) => channel.unlink(path, done), {
        isAbsent: undefined,
      });
    },
  };
}

function folders(session: Session): Pick<Sftp, 'list' | 'makeFolder' | 'syncFolder' | 'removeFolder'> {
  return {
    list: async (folder) => {
      const entries = await ask<readonly Entry[], undefined>(
        session,
        { what: 'list', path: folder },
        (channel, done) => channel.readdir(folder, done),
        { isAbsent: undefined },
      );
      return entries?.map(({ filename: name, attrs }) => ({ name, ...described(attrs) }));
    },
    makeFolder: async (path, mode) => {
      const request = { what: 'make', path };
      try {
        await ask(session, request, (channel, done) => channel.mkdir(path, { mode }, done));
      } catch (error) {
        const there = await attributesOf(session, path);
        if (there === undefined || !described(there).isFolder) throw error;
      }
    },
    syncFolder: async (path) => {
      const request = { what: 'sync', path, needs: 'fsync@openssh.com' };
      const handle = await ask<Buffer>(session, request, (channel, done) => channel.open(path, 'r', done));
      try {
        await ask(session, request, (channel, done) => channel.ext_openssh_fsync(handle, done));
      } finally {
        await ask(session, request, (channel, done) => channel.close(handle, done));
      }
    },
    removeFolder: async (path) => {
      const channel = await session.channel();
      const left = Promise.withResolvers<boolean>();
      channel.rmdir(path, (error) => left.resolve(error === undefined || error === null));
      const limit = AbortSignal.timeout(REPLY_TIMEOUT_MS);
      limit.addEventListener('abort', () => left.resolve(false), { once: true });
      return left.promise;
    },
  };
}
