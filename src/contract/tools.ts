import { randomInt, randomUUID } from 'node:crypto';
import { createDistributor } from '../api/accounts/distributor.ts';
import { createPasswordHasher } from '../api/auth/passwords.ts';
import { type Database, openDatabase } from '../api/db/open.ts';
import { createLedger } from '../api/ledger/ledger.ts';
import { readOutbox } from '../api/outbox/queue.ts';
import { sealBody } from '../api/outbox/seal.ts';
import { deriveKeys } from '../api/services.ts';
import type { ApiSettings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { Secret } from '../core/secret.ts';
import { broken } from './http.ts';

/** What cannot be asked over HTTP: codes that were sent, and distributors, whom staff makes. */
export interface Tools {
  readonly database: Database;
  /** The newest code sent to the number (nine digits). */
  codeFor(telephone: string): Promise<string>;
  /** A distributor with a float; its number and its password. */
  distributor(): Promise<Login>;
  /** A number that nobody has. */
  freeNumber(): Promise<string>;
  close(): Promise<void>;
}

export interface Login {
  readonly telephone: string;
  readonly password: string;
}

const MESSAGES_READ = 200;
const MOST_TRIES = 50;
const FLOAT_XOF = 1_000_000;

export function openTools(settings: ApiSettings, clock: Clock): Tools {
  const database = openDatabase(settings.database, clock);
  const keys = deriveKeys(settings);
  const sealMessage = (body: string): string => sealBody(keys.outbox, body);
  const ledger = createLedger({ db: database, clock, sealMessage, onBatch: () => {}, onError: () => {} });
  const freeNumber = async (): Promise<string> => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const telephone = `77${String(randomInt(10_000_000)).padStart(7, '0')}`;
      const found = await database.kysely
        .selectFrom('users')
        .select('id')
        .where('telephone', '=', `+221${telephone}`)
        .execute();
      if (found.length === 0) return telephone;
    }
    throw broken('a number that nobody has', `one of ${MOST_TRIES} at random`, 'none');
  };
  return {
    database,
    freeNumber,
    codeFor: async (telephone) => {
      const messages = await readOutbox(database.kysely, keys.outbox, { limit: MESSAGES_READ });
      const newest = messages.findLast(
        ({ recipient, body }) => recipient.endsWith(telephone) && CODE.test(body),
      );
      const code = newest?.body.match(CODE)?.[0];
      if (code === undefined) throw broken('the outbox', 'a code for a number that asked', 'none');
      return code;
    },
    distributor: async () => {
      const login = { telephone: await freeNumber(), password: randomUUID() };
      const passwords = createPasswordHasher();
      const password = new Secret(login.password);
      const request = { telephone: login.telephone, nom: 'Essai', password, floatXof: FLOAT_XOF };
      await createDistributor({ database, ledger, passwords, clock, staff: 'contract' }, request);
      return login;
    },
    close: async () => {
      await ledger.close();
      await database.close();
    },
  };
}

const CODE = /\b\d{6}\b/;
