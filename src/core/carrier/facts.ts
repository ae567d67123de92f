import type { JsonReader } from '../json.ts';
import type { Slot } from '../layout.ts';

/** What the agent of a web host says of it, and how the operator reads that. */
export interface HostFacts {
  /** What `current.sock` points to. */
  readonly live: Slot | null;
  readonly slots: Readonly<Record<Slot, HostSlot>>;
  /** Newest first. */
  readonly releases: readonly HostRelease[];
  /** Ids of those that were live and watched to the end, newest first. */
  readonly accepted: readonly string[];
  /** A switch that was armed and neither kept nor reverted. */
  readonly pending: PendingSwitch | null;
  /** Who holds the host's lock, for people; null when nobody does. */
  readonly lockedBy: string | null;
  /** Of the disk that releases lie on. */
  readonly freeBytes: number;
  /** Wall time, milliseconds since the Unix epoch. */
  readonly clockMs: number;
}

export interface HostSlot {
  /** Null when none was ever put there. */
  readonly release: string | null;
  readonly runs: boolean;
  /** Whether it answers /health with 200. */
  readonly isHealthy: boolean;
  /** How often systemd started it again by itself. */
  readonly restarts: number;
  /** Whether the host's environment file is still the one that it was started with. */
  readonly hasCurrentSettings: boolean;
}

export interface HostRelease {
  readonly id: string;
  readonly version: string;
  readonly builtAt: string;
  readonly newestMigration: string;
}

export interface PendingSwitch {
  readonly from: Slot | null;
  readonly to: Slot;
  readonly token: number;
}

const EMPTY_SLOT: HostSlot = {
  release: null,
  runs: false,
  isHealthy: false,
  restarts: 0,
  hasCurrentSettings: false,
};

/** A host before its first deploy. */
export const NOTHING_THERE: HostFacts = {
  live: null,
  slots: { blue: EMPTY_SLOT, green: EMPTY_SLOT },
  releases: [],
  accepted: [],
  pending: null,
  lockedBy: null,
  freeBytes: 0,
  clockMs: 0,
};

/** Throws the reader's error for what is no such answer. */
export function readHostFacts(reader: JsonReader): HostFacts {
  const slots = reader.object('slots');
  const pending = reader.objectOrNull('pending');
  return {
    live: slotOrNull(reader, 'live'),
    slots: { blue: readSlot(slots.object('blue')), green: readSlot(slots.object('green')) },
    releases: reader.list('releases', readRelease),
    accepted: reader.textList('accepted'),
    pending: pending === null ? null : readPending(pending),
    lockedBy: reader.textOrNull('lockedBy'),
    freeBytes: reader.whole('freeBytes'),
    clockMs: reader.whole('clockMs'),
  };
}

function readSlot(reader: JsonReader): HostSlot {
  return {
    release: reader.textOrNull('release'),
    runs: reader.flag('runs'),
    isHealthy: reader.flag('isHealthy'),
    restarts: reader.whole('restarts'),
    hasCurrentSettings: reader.flag('hasCurrentSettings'),
  };
}

function readRelease(reader: JsonReader): HostRelease {
  return {
    id: reader.text('id'),
    version: reader.text('version'),
    builtAt: reader.text('builtAt'),
    newestMigration: reader.text('newestMigration'),
  };
}

function readPending(reader: JsonReader): PendingSwitch {
  const to = slotOrNull(reader, 'to');
  if (to === null) throw new TypeError('a pending switch leads to a slot');
  return { from: slotOrNull(reader, 'from'), to, token: reader.whole('token') };
}

/** Anything but a slot's name is no slot. */
export function slotOrNull(reader: JsonReader, name: string): Slot | null {
  const text = reader.textOrNull(name);
  return text === 'blue' || text === 'green' ? text : null;
}
