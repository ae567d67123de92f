import { type Backend, type BackendClient, queryMessage } from './backend.ts';

const CHECK_INTERVAL_MS = 1000;

/** Replaying more log than this after a kill would make the next start slow; see docs/local.md for the figures. */
const MAX_REPLAY_BYTES = 16 * 1024 * 1024;

/**
 * Checkpoints when enough log was written since the last one. A single backend has no checkpointer process, so without
 * this the log, and the time to start after a kill, would grow without bound. Returns the stop function.
 */
export function keepCheckpoints(backend: Backend, onFailure: (error: unknown) => void): () => void {
  const client: BackendClient = { onIdleInTransaction: () => undefined };
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    checkpointIfDue(backend, client)
      .catch(onFailure)
      .finally(() => {
        busy = false;
      });
  }, CHECK_INTERVAL_MS);
  return () => clearInterval(timer);
}

async function checkpointIfDue(backend: Backend, client: BackendClient): Promise<void> {
  const answer = await ask(
    backend,
    client,
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) > ${MAX_REPLAY_BYTES} FROM pg_control_checkpoint()`,
  );
  if (firstColumn(answer) === 't') await ask(backend, client, 'CHECKPOINT');
}

function ask(backend: Backend, client: BackendClient, sql: string): Promise<Buffer> {
  return backend.submit(client, { messages: queryMessage(sql), completes: true });
}

/** The text of the first row's first column, or '' when the answer holds no row (DataRow: D, length, columns, length). */
function firstColumn(answer: Buffer): string {
  for (let offset = 0; offset + 5 <= answer.length; offset += 1 + answer.readUInt32BE(offset + 1)) {
    if (answer[offset] !== 0x44) continue;
    const sizeBytes = answer.readInt32BE(offset + 7);
    return answer.toString('utf8', offset + 11, offset + 11 + sizeBytes);
  }
  return '';
}
