import { OmpayError } from '../../core/errors.ts';
import type { KeyRing } from '../auth/keys.ts';
import type { Database } from '../db/open.ts';
import { readOutbox } from './queue.ts';

/** Newer messages than this may stand between a code and its reader: users of the live slot get theirs too. */
const MESSAGES_READ = 500;
const CODE = /\b\d{6}\b/;

/** The code that a number was sent last, for smoke tests. Throws `checkBlocked` where none is among the newest messages. */
export async function newestCode({ kysely }: Database, keys: KeyRing, telephone: string): Promise<string> {
  const messages = await readOutbox(kysely, keys, { limit: MESSAGES_READ });
  const message = messages.findLast(
    ({ recipient, body }) => recipient.endsWith(telephone) && CODE.test(body),
  );
  const code = message?.body.match(CODE)?.[0];
  if (code !== undefined) return code;
  throw new OmpayError(
    'checkBlocked',
    `smoke test: no code for the probe's number is among the newest ${MESSAGES_READ} messages of the outbox`,
    { hint: 'see what was sent: ompay api outbox' },
  );
}
