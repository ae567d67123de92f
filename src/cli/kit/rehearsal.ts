import { rmSync } from 'node:fs';
import { openDatabase } from '../../api/db/open.ts';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { migrateUp } from '../../api/migrations/runner.ts';
import { borrowBackup } from '../../backup/borrow.ts';
import { loadApiSettings } from '../../config/load.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import type { Platform } from '../../deploy/handlers/platform.ts';
import {
  assertKept,
  carriesContract,
  keepsPromises,
  type Stage,
  type SuiteResult,
  serveOn,
} from '../../deploy/handlers/rehearsal.ts';
import type { Release } from '../../deploy/types.ts';
import type { HandlerContext } from '../../plan/act.ts';
import type { Invocation } from '../command.ts';
import { backupDeps } from './backup.ts';

export interface RehearsalRequest {
  readonly run: string;
  readonly platform: Platform;
  /** What users have, and what they are to have. */
  readonly live: Release;
  readonly next: Release;
  /** Told of each suite as soon as it has ended. */
  readonly onSuite: (result: SuiteResult) => void;
}

/**
 * Restores the newest backup into a scratch folder, starts the live release on it, migrates it under that release's feet
 * as a deploy would, starts the next release, and lets each keep its own promises alone and beside the other.
 * Throws `checkBlocked` for the first that is not kept. The live database is not touched.
 */
export async function rehearse(
  invocation: Invocation,
  request: RehearsalRequest,
  context: HandlerContext,
): Promise<{ readonly backup: string }> {
  const deps = await backupDeps(invocation, request.platform);
  const { host, clock, signal } = context;
  const borrowing = { id: 'latest', run: request.run, reason: 'rehearse migrations', signal };
  return borrowBackup(deps, borrowing, async (database, backup) => {
    const socketFolder = temporaryFolder('rehearsal');
    const stage: Stage = {
      layout: invocation.layout,
      nodePath: request.platform.nodePath,
      databaseSocket: database.socketPath,
      socketFolder,
      host,
      clock,
      signal,
    };
    try {
      await rehearseOn(stage, request);
      return { backup };
    } finally {
      rmSync(socketFolder, { recursive: true, force: true });
    }
  });
}

async function rehearseOn(stage: Stage, { live, next, onSuite }: RehearsalRequest): Promise<void> {
  const liveServer = await serveOn(stage, live, 'live');
  try {
    await migrateCopy(stage);
    const nextServer = await serveOn(stage, next, 'next');
    try {
      // Together they are judged by the older's promises; where it carries none, by the newer's.
      const livePairs = carriesContract(live);
      for (const part of [
        { release: live, role: 'live', inPair: livePairs },
        { release: next, role: 'next', inPair: !livePairs },
      ] as const) {
        const result = await keepsPromises(stage, part);
        onSuite(result);
        assertKept(result);
      }
    } finally {
      await nextServer.stop();
    }
  } finally {
    await liveServer.stop();
  }
}

async function migrateCopy({ layout, databaseSocket, clock }: Stage): Promise<void> {
  const { database } = loadApiSettings(readEnvironment(layout.environment));
  const copy = openDatabase({ ...database, socketPath: databaseSocket });
  try {
    await migrateUp(copy, MIGRATIONS, clock);
  } catch (error) {
    throw new OmpayError('checkBlocked', `rehearsal: the migration fails on a copy: ${messageOf(error)}`, {
      hint: 'the live database was not touched; mend the migration: docs/migrations.md',
      cause: error,
    });
  } finally {
    await copy.close();
  }
}
