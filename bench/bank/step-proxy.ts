import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';

/** The ledger's own, of all commits. */
export const COMMIT = 'commit after update ledger_head';

/** More than are said for one key; a long campaign does not keep all. */
const MOST_STEPS = 2_000;

/** Something that happens at one message from an API process to its database. */
export interface Accident {
  /** The name of the message; its first time from now on. */
  readonly step: string;
  /** Whether the database still gets the message. */
  readonly when: 'before' | 'after';
  /** The connection is cut, goes silent, or is left to what `act` does. */
  readonly connection: 'cut' | 'silent' | 'kept';
  readonly act: () => void;
}

/** Stands between one API process and its database; counts and names what the process says. */
export interface StepProxy {
  readonly settings: DatabaseSettings;
  /** Forgets what was said. */
  prepare(accident: Accident): void;
  /** What was said since, in order. */
  steps(): readonly string[];
  /** Whether the accident has happened. */
  happened(): boolean;
  stop(): Promise<void>;
}

export async function startStepProxy(target: DatabaseSettings): Promise<StepProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-fire-'));
  const socketPath = join(folder, '.s.PGSQL.5432');
  const open = new Set<Socket>();
  let accident: Accident | undefined;
  let steps: string[] = [];

  /** True when the message may go on. */
  const pass = (step: string, asked: Buffer, { client, database }: Ends): boolean => {
    if (steps.length < MOST_STEPS) steps.push(step);
    if (accident?.step !== step) return true;
    const { when, connection, act } = accident;
    accident = undefined;
    const delivered = when === 'after';
    act();
    if (connection === 'silent') client.pause();
    if (connection !== 'cut') return delivered;
    // The server gets the message and the end of the connection together; the client only the end.
    if (delivered) database.end(asked);
    else database.destroy();
    client.destroy();
    return false;
  };

  const server = createServer((client) => {
    const database = connect(String(target.socketPath));
    let silent = false;
    let step = '';
    for (const socket of [client, database]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    }
    database.on('close', () => client.destroy());
    client.on('close', () => database.destroySoon());
    database.on('data', (answer) => {
      if (!silent) client.write(answer);
    });
    client.on('data', (asked: Buffer) => {
      step = nameOf(asked, step);
      const goesOn = pass(step, asked, { client, database });
      silent = client.isPaused();
      if (goesOn) database.write(asked);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    settings: { ...target, socketPath },
    prepare: (next) => {
      accident = next;
      steps = [];
    },
    steps: () => steps,
    happened: () => accident === undefined,
    stop: () => {
      for (const socket of open) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

interface Ends {
  readonly client: Socket;
  readonly database: Socket;
}

/** The statement in a few words; a commit says what it commits, as there are several kinds. */
function nameOf(message: Buffer, before: string): string {
  const text = message.toString('latin1');
  const statement = /\b(begin|commit|rollback|select|insert|update|delete|set)\b[^\0]*/i.exec(text)?.[0];
  if (statement === undefined) return 'a message of the protocol';
  const verb = statement.split(/\s/, 1)[0]?.toLowerCase() ?? '';
  const tables = [...statement.matchAll(/(?:\b(?:from|into)|(?<!for )\bupdate)\s+["`]?(\w+)/gi)];
  // Of a SELECT the last: a question within a question comes before what is asked of.
  const table = tables.at(verb === 'select' ? -1 : 0)?.[1];
  if (verb === 'commit') return `commit after ${before}`;
  const lock = /for update/i.test(statement) ? ' for update' : '';
  return table === undefined ? verb : `${verb} ${table}${lock}`;
}
