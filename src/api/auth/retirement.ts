import type { Database } from '../db/open.ts';
import { openBody, sealBody } from '../outbox/seal.ts';
import { type ApplicationKeys, deriveRing, type KeyRing, keyId } from './keys.ts';

/** One-time codes, codes of operations and counted attempts are gone by then; the longest is an hour of requests for codes. */
export const SHORT_LIVED_MS = 3_600_000;

const PAGE = 500;

/** When the present key began to seal, by the audit trail; undefined when no rotation was recorded. */
export async function rotatedAtMs({ kysely }: Database, key: ApplicationKeys): Promise<number | undefined> {
  const rows = await kysely
    .selectFrom('audit_events')
    .select('at_ms')
    .where('action', '=', 'keys.rotated')
    .where('detail', '=', JSON.stringify({ key: keyId(key.key) }))
    .orderBy('seq', 'desc')
    .limit(1)
    .execute();
  return rows[0]?.at_ms;
}

/** PINs that are not under the present key, or not known to be; each is sealed anew when it is used next. */
export async function pinsUnderOlderKeys(
  { kysely }: Database,
  application: ApplicationKeys,
): Promise<number> {
  const { total } = await kysely
    .selectFrom('pins')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .where((where) => where.or([where('key_id', 'is', null), where('key_id', '<>', keyId(application.key))]))
    .executeTakeFirstOrThrow();
  return Number(total);
}

/**
 * Seals anew what is kept sealed for long: messages that did not leave, and answers that hold a code and are given again
 * under their Idempotency-Key. Page by page; may be run again. Gives how many rows it changed.
 */
export async function sealAllAnew(db: Database, application: ApplicationKeys): Promise<number> {
  const ring = deriveRing(application, 'outbox');
  return (await sealOutboxAnew(db, ring)) + (await sealAnswersAnew(db, ring));
}

async function sealOutboxAnew({ kysely }: Database, ring: KeyRing): Promise<number> {
  let changed = 0;
  for (let after = ''; ; ) {
    const rows = await kysely
      .selectFrom('outbox')
      .select(['id', 'body_encrypted'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const { id, body_encrypted } of rows) {
      const sealed = sealedAnew(ring, body_encrypted);
      if (sealed === undefined) continue;
      await kysely.updateTable('outbox').set({ body_encrypted: sealed }).where('id', '=', id).execute();
      changed += 1;
    }
    const last = rows.at(-1);
    if (last === undefined) return changed;
    after = last.id;
  }
}

/** An answer that is not sealed is JSON, and begins as such. */
async function sealAnswersAnew({ kysely }: Database, ring: KeyRing): Promise<number> {
  let changed = 0;
  let after = { owner_id: '', idempotency_key: '' };
  for (;;) {
    const { owner_id: owner, idempotency_key: key } = after;
    const rows = await kysely
      .selectFrom('idempotency_keys')
      .select(['owner_id', 'idempotency_key', 'body'])
      .where((where) =>
        where.or([
          where('owner_id', '>', owner),
          where.and([where('owner_id', '=', owner), where('idempotency_key', '>', key)]),
        ]),
      )
      .orderBy('owner_id')
      .orderBy('idempotency_key')
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      const sealed = row.body.startsWith('{') ? undefined : sealedAnew(ring, row.body);
      if (sealed === undefined) continue;
      await kysely
        .updateTable('idempotency_keys')
        .set({ body: sealed })
        .where('owner_id', '=', row.owner_id)
        .where('idempotency_key', '=', row.idempotency_key)
        .execute();
      changed += 1;
    }
    const last = rows.at(-1);
    if (last === undefined) return changed;
    after = last;
  }
}

/** Undefined for what is under the present key already, and for what no key opens. */
function sealedAnew(ring: KeyRing, sealed: string): string | undefined {
  const [present] = ring;
  if (bodyOf([present], sealed) !== undefined) return undefined;
  const body = bodyOf(ring, sealed);
  return body === undefined ? undefined : sealBody(ring, body);
}

function bodyOf(ring: KeyRing, sealed: string): string | undefined {
  try {
    return openBody(ring, sealed);
  } catch {
    return undefined;
  }
}
