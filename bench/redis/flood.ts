import { systemClock } from '../../src/core/clock.ts';
import { ask } from '../../tests/fixtures/ask.ts';
import type { LoadUser } from '../ledger/load.ts';

const WINDOW_MS = 60_000;
const REQUESTS = 200;

/** One user asks far more often than he may, of all processes in turn; the most that were let in in one minute. */
export async function floodOf(
  socketPaths: readonly string[],
  { token, telephone }: LoadUser,
  durationMs: number,
): Promise<number> {
  const letIn = new Map<number, number>();
  // To himself: refused by the rules of money, after it was let in.
  const body = JSON.stringify({ recipient_telephone: telephone, amount: 100 });
  for (let request = 0; request < REQUESTS; request += 1) {
    const socketPath = socketPaths[request % socketPaths.length] ?? '';
    const window = windowNow();
    const { status } = await ask({ socketPath }, '/api/ompay/transfer', { token, body });
    // One that met the turn of the minute may have been counted on either side of it.
    if (status !== 429 && window === windowNow()) letIn.set(window, (letIn.get(window) ?? 0) + 1);
    await systemClock.sleep(durationMs / REQUESTS / 2);
  }
  return Math.max(...letIn.values());
}

function windowNow(): number {
  return Math.floor(systemClock.now() / WINDOW_MS);
}
