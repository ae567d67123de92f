import { systemCodeOf } from '../../core/errors.ts';
import { isConnectionLost } from './errors.ts';

/** Hears of every connection lent and every transaction run again; for metrics. Its functions may not throw. */
export interface DatabaseObserver {
  /** A caller asks for a connection: `lent` or `refused` follows. */
  asked(): void;
  lent(waitedMs: number): void;
  refused(waitedMs: number): void;
  /** A lent connection came back. */
  returned(): void;
  /** @param code the server's own number or SQLSTATE, or `connection_lost`: few values. */
  repeated(code: string): void;
}

export const NO_OBSERVER: DatabaseObserver = {
  asked: () => {},
  lent: () => {},
  refused: () => {},
  returned: () => {},
  repeated: () => {},
};

/** Why a transaction is run again: `1213`, `40001` and so on. */
export function repeatCodeOf(error: unknown): string {
  if (isConnectionLost(error)) return 'connection_lost';
  if (error instanceof Error && 'errno' in error) return String(error.errno);
  return systemCodeOf(error) ?? 'unknown';
}
