import { hostname } from 'node:os';
import type { HostFacts } from '../core/carrier/facts.ts';
import type { HostProbes, SlotTraffic } from '../core/carrier/traffic.ts';
import { OmpayError } from '../core/errors.ts';
import { otherSlot, type Slot } from '../core/layout.ts';
import { thisProcess } from '../core/process.ts';
import type { Drained } from '../core/slots/drain.ts';
import { fenced } from '../core/slots/fence.ts';
import { Gate } from '../host/gate.ts';
import type { HttpAnswer, HttpRequest } from '../host/host.ts';
import { requestHere } from '../host/http.ts';
import { acquireLock, LOCK_EXPIRY_MS, readLock, releaseLock, renewLock } from '../plan/lock.ts';
import {
  type ArmedSwitch,
  armSwitch,
  type Healed,
  healPending,
  isAcceptedIn,
  keepSwitch,
  makeLive,
  revertSwitch,
} from './armed.ts';
import { gatherFacts } from './facts.ts';
import { probeSecond } from './probes.ts';
import { drainSlot, type SlotsKit, startSlot, stopSlot } from './slots.ts';
import { slotTraffic } from './traffic.ts';

export interface Operator {
  /** `user@host` */
  readonly owner: string;
  readonly reason: string;
}

/**
 * Holds a host's lock for one run and does what the run's operator says, one change at a time. When it does not hear of the
 * operator for the time of its lease, it takes back what was switched and not kept, and gives the lock back.
 */
export interface Carrier {
  /** Takes the host's lock, or throws `lockHeld`. What an earlier run left in the middle is brought to its end. */
  begin(
    operator: Operator,
  ): Promise<{ readonly token: number; readonly healed: Healed; readonly facts: HostFacts }>;
  /** The operator is there. Throws `lockLost` when the lock is another's by now. */
  renew(): void;
  facts(): Promise<HostFacts>;
  start(slot: Slot, release: string): Promise<void>;
  stop(slot: Slot): Promise<void>;
  /** Everything that the switch needs is written; the slot must hold the release. */
  arm(to: Slot, release: string): Promise<void>;
  switch(): Promise<{ readonly microseconds: number }>;
  keep(): Promise<void>;
  /** Does nothing when nothing was armed. */
  revert(): Promise<void>;
  drain(slot: Slot): Promise<Drained>;
  traffic(): Promise<HostTraffic>;
  probe(count: number): Promise<HostProbes>;
  /** One HTTP exchange with a slot, for a smoke test: the operator's user cannot open the slots' sockets. */
  request(slot: Slot, request: SlotRequest): Promise<HttpAnswer>;
  /** Gives the lock back; the carrier's process ends. */
  end(): Promise<void>;
  /** As if the operator had vanished. */
  abandon(): Promise<void>;
  /** Waits until it is over: by `end`, or since the operator was not heard of. */
  readonly over: Promise<'ended' | 'abandoned'>;
}

/** Null for a slot that does not answer. */
export interface HostTraffic extends Readonly<Record<Slot, SlotTraffic | null>> {
  /** How often systemd started each slot again by itself. */
  readonly restarts: Readonly<Record<Slot, number>>;
}

export type SlotRequest = Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>;

export interface CarrierKit extends SlotsKit {
  readonly run: string;
  readonly leaseMs: number;
  /** One line of what it does by itself. */
  readonly say: (line: string) => void;
}

const LOOK_MS = 100;
const REQUEST_MS = 10_000;

export function createCarrier(kit: CarrierKit): Carrier {
  const { paths, clock, units } = kit;
  const turn = new Gate(1);
  const finished = Promise.withResolvers<'ended' | 'abandoned'>();
  let token: number | undefined;
  let armed: ArmedSwitch | undefined;
  let state: 'idle' | 'armed' | 'switched' | 'kept' = 'idle';
  let isOver = false;
  let heardMs = clock.monotonicMs();
  let renewedMs = clock.monotonicMs();

  function heldToken(): number {
    if (token !== undefined && !isOver) return token;
    throw new OmpayError('lockLost', 'this run does not hold the lock of the host', {
      hint: 'nothing more is changed by it; look what serves: ompay status -e ENVIRONMENT',
    });
  }

  /** One change at a time, each only while the lock is ours. */
  async function change<T>(what: string, work: () => Promise<T> | T): Promise<T> {
    return turn.pass(async () => {
      fenced(paths, { what, token: heldToken() }, () => {});
      return work();
    });
  }

  function revertNow(): void {
    if (armed === undefined || state === 'idle') return;
    revertSwitch(paths, { pending: armed.pending, token: heldToken(), wasKept: state === 'kept' }, clock);
    state = 'idle';
  }

  async function giveBack(how: 'ended' | 'abandoned'): Promise<void> {
    isOver = true;
    if (token !== undefined) releaseLock(paths.lock, token);
    finished.resolve(how);
  }

  /** The operator vanished: what users see is what they saw before. */
  async function abandon(): Promise<void> {
    await turn.pass(async () => {
      if (isOver) return;
      const left = armed;
      if (left !== undefined && state !== 'idle' && state !== 'kept') {
        revertNow();
        await units.moveWorker(left.pending.from).catch(() => {});
        kit.say(
          `the operator was not heard of for ${kit.leaseMs} ms: ${left.pending.from ?? 'nothing'} is live again`,
        );
        // What was never well does not stay beside what is live.
        if (!isAcceptedIn(paths, left.pending.to)) await stopSlot(kit, left.pending.to).catch(() => {});
      }
      await giveBack('abandoned');
    });
  }

  async function watchOperator(): Promise<void> {
    while (!isOver) {
      await clock.sleep(LOOK_MS);
      if (clock.monotonicMs() - heardMs > kit.leaseMs) await abandon();
    }
  }

  void watchOperator().catch((error: unknown) => {
    kit.say(`the lease could not be watched: ${String(error)}`);
    finished.resolve('abandoned');
  });

  return {
    over: finished.promise,
    begin: (operator) =>
      turn.pass(async () => {
        const machine = hostname();
        const request = {
          ...operator,
          machine,
          run: kit.run,
          process: thisProcess(),
          expiryMs: LOCK_EXPIRY_MS,
        };
        token ??= acquireLock(paths.lock, request, clock).token;
        const healed = healPending(paths, token, clock);
        return { token, healed, facts: await gatherFacts(kit) };
      }),
    renew: () => {
      heardMs = clock.monotonicMs();
      if (token === undefined || heardMs - renewedMs < LOCK_EXPIRY_MS / 6) return;
      renewLock(paths.lock, token, LOCK_EXPIRY_MS, clock);
      renewedMs = heardMs;
    },
    facts: () => gatherFacts(kit),
    start: (slot, release) => change(`starting ${slot}`, () => startSlot(kit, slot, release)),
    stop: (slot) => change(`stopping ${slot}`, () => stopSlot(kit, slot)),
    arm: (to, release) =>
      change('arming the switch', () => {
        armed = armSwitch(paths, { to, token: heldToken(), release });
        state = 'armed';
      }),
    switch: () =>
      change('the switch', () => {
        if (armed === undefined || state === 'idle') throw new TypeError('a switch is armed first');
        const { switchMicroseconds } = makeLive(paths, armed, clock);
        state = 'switched';
        return { microseconds: switchMicroseconds };
      }),
    keep: () =>
      change('keeping the switch', async () => {
        if (armed === undefined || state === 'idle') throw new TypeError('a switch is armed first');
        if (state !== 'kept') keepSwitch(paths);
        state = 'kept';
        await units.moveWorker(armed.pending.to).catch(() => {});
      }),
    revert: () =>
      change('going back', async () => {
        if (armed === undefined || state === 'idle') return;
        revertNow();
        await units.moveWorker(armed.pending.from).catch(() => {});
      }),
    drain: (slot) => drainSlot(kit, slot),
    traffic: async () => {
      const sockets = paths.slotSockets;
      const [blue, green, states] = await Promise.all([
        slotTraffic(sockets.blue),
        slotTraffic(sockets.green),
        units.states(),
      ]);
      return { blue, green, restarts: { blue: states.blue.restarts, green: states.green.restarts } };
    },
    probe: async (count) => {
      const old = armed === undefined ? null : otherSlot(armed.pending.to);
      const runs = old !== null && (await units.states())[old].runs;
      const control = old !== null && runs ? paths.slotSockets[old] : null;
      return probeSecond({ current: paths.currentSocket, control }, count, clock);
    },
    request: (slot, request) =>
      requestHere({ ...request, target: { socketPath: paths.slotSockets[slot] }, timeoutMs: REQUEST_MS }),
    abandon,
    end: () =>
      turn.pass(async () => {
        if (!isOver) await giveBack('ended');
      }),
  };
}

/** Whether a process of this very run held the lock and died: systemd has started it again. */
export function hasDiedBefore({ paths, run }: Pick<CarrierKit, 'paths' | 'run'>): boolean {
  return readLock(paths.lock).holder?.run === run;
}
