import { accessSync, constants, mkdirSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { isoTime } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { shownSize } from '../../core/units.ts';
import type { Handler, Handlers } from '../../plan/act.ts';

/** A release, a backup and the database's growth of a day fit in this; the database itself starts at 60 MB. */
export const MIN_FREE_BYTES = 1_000_000_000;
const MIN_FREE_INODES = 10_000;
/** Steps of a clock that is disciplined by NTP stay far below this. */
const MAX_CLOCK_BACK_MS = 60_000;

export interface PreflightKit {
  readonly layout: Layout;
  /** The time of the newest journal line written before this run; undefined when there is none. */
  readonly lastKnownTimeMs: () => number | undefined;
  /** Reads and checks the API's whole environment; throws `configInvalid` naming each bad key. */
  readonly checkConfig: (port: number) => void;
}

/** What must be true before anything is begun. Each throws `preflightFailed` with the value seen. */
export function preflightHandlers(kit: PreflightKit): Handlers {
  return {
    'preflight.folder': async () => checkFolders(kit.layout),
    'preflight.disk': async () => checkDisk(kit.layout),
    'preflight.clock': clockHandler(kit),
    'preflight.port': async ({ port, ours }) => checkPort(Number(port), ours === null ? null : Number(ours)),
    'preflight.config': async ({ port }) => {
      kit.checkConfig(Number(port));
      return {};
    },
  };
}

function checkFolders(layout: Layout): Record<string, string> {
  for (const folder of [layout.state, layout.run, layout.releases, layout.logs, layout.keys]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw refused(
        `the folder ${folder} cannot be used (${systemCodeOf(error) ?? 'no code'})`,
        'make it writable for this user, or choose another place with -C FOLDER',
        error,
      );
    }
    const { uid, mode } = statSync(folder);
    if (process.getuid !== undefined && uid !== process.getuid()) {
      throw refused(
        `the folder ${folder} belongs to user ${uid}, and this is user ${process.getuid()}`,
        `run as its owner, or: chown -R $(id -u) '${folder}'`,
      );
    }
    if ((mode & 0o077) !== 0)
      throw refused(
        `others can enter ${folder} (mode ${(mode & 0o777).toString(8)})`,
        `chmod 700 '${folder}'`,
      );
  }
  return { shown: layout.state };
}

function checkDisk(layout: Layout): Record<string, string | number> {
  const { bavail, bsize, files, ffree } = statfsSync(layout.state);
  const freeBytes = bavail * bsize;
  if (freeBytes < MIN_FREE_BYTES) {
    throw refused(
      `${shownSize(freeBytes)} are free under ${layout.state}, and ${shownSize(MIN_FREE_BYTES)} are needed`,
      'free some room, or choose another disk with -C FOLDER',
    );
  }
  // Some file systems (btrfs, overlays) count no inodes and say 0 of 0.
  if (files > 0 && ffree < MIN_FREE_INODES) {
    throw refused(
      `${ffree} inodes are free under ${layout.state}, and ${MIN_FREE_INODES} are needed`,
      'remove small files, or choose another disk with -C FOLDER',
    );
  }
  return { shown: `${shownSize(freeBytes)} free`, freeBytes };
}

function clockHandler(kit: PreflightKit): Handler {
  return async (_input, { clock }) => {
    const nowMs = clock.now();
    const lastMs = kit.lastKnownTimeMs();
    if (lastMs !== undefined && nowMs < lastMs - MAX_CLOCK_BACK_MS) {
      throw refused(
        `the clock says ${isoTime(nowMs)}, but the journal was written at ${isoTime(lastMs)}`,
        'set the clock (timedatectl, chronyc makestep), then run the command again',
      );
    }
    return { shown: isoTime(nowMs) };
  };
}

/** The port is ours when the front that runs has it; otherwise this process must be able to listen there. */
async function checkPort(port: number, ours: number | null): Promise<Record<string, string>> {
  if (ours === port) return { shown: 'ours' };
  const code = await listenCode(port);
  if (code === undefined) return { shown: 'free' };
  const other = `choose another: ompay deploy --port ${port < 1024 ? 8080 : port + 1}`;
  if (code === 'EACCES') throw refused(`this user may not listen on port ${port}`, other);
  throw refused(
    `port ${port} is taken by another program (${code})`,
    `see which: ss -ltnp 'sport = :${port}'; or ${other}`,
  );
}

/** Undefined when this process can listen there now, else the system's code. */
function listenCode(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(systemCodeOf(error) ?? 'no code'));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function refused(message: string, hint: string, cause?: unknown): OmpayError {
  return new OmpayError('preflightFailed', message, { hint, cause });
}
