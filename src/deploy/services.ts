import type { Slot } from '../core/layout.ts';
import type { Traffic } from './observation/traffic.ts';

export type ServiceName = 'database' | 'front' | Slot;

export interface ServiceState {
  readonly name: ServiceName;
  /** Null while it is not running. */
  readonly pid: number | null;
  readonly restarts: number;
  readonly sinceMs: number | null;
  readonly lastExit: string | null;
  /** The release of a slot, null for others. */
  readonly release: string | null;
  /** The port of the front, null for others. */
  readonly port: number | null;
}

/** A change of a slot is fenced like the switch: only the lock's holder may make it. */
export interface SlotChange {
  readonly token: number;
  readonly signal: AbortSignal;
}

/** The local services as a deploy uses them. Each call is bounded in time by its implementation. */
export interface LocalServices {
  /** Starts the supervisor when none runs. */
  ensureSupervisor(): Promise<void>;
  /** Undefined when no supervisor runs. */
  states(): Promise<readonly ServiceState[] | undefined>;
  /** Starts the database when it does not run; resolves once it accepts connections. `anew` takes the newest program. */
  ensureDatabase(anew: boolean, signal: AbortSignal): Promise<void>;
  /** The same for the front; on another port it is started anew. */
  ensureFront(port: number, anew: boolean, signal: AbortSignal): Promise<void>;
  /** Puts a release into a slot, in place of what is there. Resolves once it accepts connections. */
  startSlot(slot: Slot, release: string, options: SlotChange): Promise<void>;
  stopSlot(slot: Slot, options: Pick<SlotChange, 'token'>): Promise<void>;
  /** Makes the slot live, if the token is still the lock's. Throws `lockLost` when it is not. Null: nothing is live. */
  switchTo(slot: Slot | null, token: number): Promise<{ readonly microseconds: number }>;
  /** Waits until nothing is connected to the slot any more; `proof` says how that is known. */
  waitDrained(slot: Slot): Promise<{ readonly drainMs: number; readonly proof: string }>;
  /** Stops every service, the front first, and the supervisor. */
  shutdown(): Promise<void>;
  /** What users saw, by slot, since the front started. */
  traffic(): Promise<Traffic>;
  /** The port that the front is to have, known also while nothing runs; null before the first deploy. */
  keptPort(): number | null;
}
