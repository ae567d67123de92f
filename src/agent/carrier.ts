import { hostname } from 'node:os';
import type { HostFacts } from '../core/carrier/facts.ts';
import type { HostProbes, SlotTraffic } from '../core/carrier/traffic.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
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
  begin(operator: Operator): Promise<{ readonly token: number; readonly healed: Healed }>;
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
  return new HostCarrier(kit);
}

class HostCarrier implements Carrier {
  readonly over: Promise<'ended' | 'abandoned'>;
  readonly #kit: CarrierKit;
  readonly #turn = new Gate(1);
  readonly #finished = Promise.withResolvers<'ended' | 'abandoned'>();
  #token: number | undefined;
  #armed: ArmedSwitch | undefined;
  #state: 'idle' | 'armed' | 'switched' | 'kept' = 'idle';
  #isOver = false;
  #heardMs: number;
  #renewedMs: number;

  constructor(kit: CarrierKit) {
    this.#kit = kit;
    this.over = this.#finished.promise;
    this.#heardMs = kit.clock.monotonicMs();
    this.#renewedMs = this.#heardMs;
    void this.#watchOperator().catch((error: unknown) => {
      kit.say(`the lease could not be watched: ${String(error)}`);
      this.#finished.resolve('abandoned');
    });
  }

  begin(operator: Operator) {
    return this.#turn.pass(async () => {
      const { paths, clock, run } = this.#kit;
      const machine = hostname();
      const request = { ...operator, machine, run, process: thisProcess(), expiryMs: LOCK_EXPIRY_MS };
      this.#token ??= acquireLock(paths.lock, request, clock).token;
      const healed = healPending(paths, this.#token, clock);
      return { token: this.#token, healed };
    });
  }

  renew(): void {
    const { paths, clock } = this.#kit;
    this.#heardMs = clock.monotonicMs();
    if (this.#token === undefined || this.#heardMs - this.#renewedMs < LOCK_EXPIRY_MS / 6) return;
    renewLock(paths.lock, this.#token, LOCK_EXPIRY_MS, clock);
    this.#renewedMs = this.#heardMs;
  }

  facts(): Promise<HostFacts> {
    return gatherFacts(this.#kit);
  }

  start(slot: Slot, release: string): Promise<void> {
    return this.#change(`starting ${slot}`, () => startSlot(this.#kit, slot, release));
  }

  stop(slot: Slot): Promise<void> {
    return this.#change(`stopping ${slot}`, () => stopSlot(this.#kit, slot));
  }

  arm(to: Slot, release: string): Promise<void> {
    return this.#change('arming the switch', () => {
      this.#armed = armSwitch(this.#kit.paths, { to, token: this.#heldToken(), release });
      this.#state = 'armed';
    });
  }

  switch(): Promise<{ readonly microseconds: number }> {
    return this.#change('the switch', () => {
      const { switchMicroseconds } = makeLive(this.#kit.paths, this.#armedSwitch(), this.#kit.clock);
      this.#state = 'switched';
      return { microseconds: switchMicroseconds };
    });
  }

  keep(): Promise<void> {
    return this.#change('keeping the switch', async () => {
      const { pending } = this.#armedSwitch();
      if (this.#state !== 'kept') keepSwitch(this.#kit.paths);
      this.#state = 'kept';
      await this.#kit.units.moveWorker(pending.to).catch(() => {});
    });
  }

  revert(): Promise<void> {
    return this.#change('going back', async () => {
      if (this.#armed === undefined || this.#state === 'idle') return;
      this.#revertNow(this.#armed);
      await this.#kit.units.moveWorker(this.#armed.pending.from).catch(() => {});
    });
  }

  drain(slot: Slot): Promise<Drained> {
    return drainSlot(this.#kit, slot);
  }

  async traffic(): Promise<HostTraffic> {
    const { paths, units } = this.#kit;
    const [blue, green, states] = await Promise.all([
      slotTraffic(paths.slotSockets.blue),
      slotTraffic(paths.slotSockets.green),
      units.states(),
    ]);
    return { blue, green, restarts: { blue: states.blue.restarts, green: states.green.restarts } };
  }

  async probe(count: number): Promise<HostProbes> {
    const { paths, units, clock } = this.#kit;
    const old = this.#armed === undefined ? null : otherSlot(this.#armed.pending.to);
    const runs = old !== null && (await units.states())[old].runs;
    const control = old !== null && runs ? paths.slotSockets[old] : null;
    return probeSecond({ current: paths.currentSocket, control }, count, clock);
  }

  request(slot: Slot, request: SlotRequest): Promise<HttpAnswer> {
    const target = { socketPath: this.#kit.paths.slotSockets[slot] };
    return requestHere({ ...request, target, timeoutMs: REQUEST_MS });
  }

  /** The operator vanished: what users see is what they saw before. */
  abandon(): Promise<void> {
    return this.#turn.pass(async () => {
      if (this.#isOver) return;
      if (this.#armed !== undefined && this.#state !== 'idle' && this.#state !== 'kept')
        await this.#takeBack(this.#armed);
      this.#giveBack('abandoned');
    });
  }

  end(): Promise<void> {
    return this.#turn.pass(async () => {
      if (!this.#isOver) this.#giveBack('ended');
    });
  }

  async #takeBack(left: ArmedSwitch): Promise<void> {
    const { paths, units, leaseMs, say } = this.#kit;
    const { from, to } = left.pending;
    this.#revertNow(left);
    await units.moveWorker(from).catch(() => {});
    say(`the operator was not heard of for ${leaseMs} ms: ${from ?? 'nothing'} is live again`);
    // What was never well does not stay beside what is live.
    if (!isAcceptedIn(paths, to)) await stopSlot(this.#kit, to).catch(() => {});
  }

  #revertNow({ pending }: ArmedSwitch): void {
    const wasKept = this.#state === 'kept';
    revertSwitch(this.#kit.paths, { pending, token: this.#heldToken(), wasKept }, this.#kit.clock);
    this.#state = 'idle';
  }

  #giveBack(how: 'ended' | 'abandoned'): void {
    this.#isOver = true;
    try {
      if (this.#token !== undefined) releaseLock(this.#kit.paths.lock, this.#token);
    } catch (error) {
      // On a full disk. This process ends all the same, and the lock of one that has ended is free.
      this.#kit.say(`the lock ends with this process, as it could not be given back: ${messageOf(error)}`);
    }
    this.#finished.resolve(how);
  }

  async #watchOperator(): Promise<void> {
    const { clock, leaseMs } = this.#kit;
    while (!this.#isOver) {
      await clock.sleep(LOOK_MS);
      if (clock.monotonicMs() - this.#heardMs > leaseMs) await this.abandon();
    }
  }

  /** One change at a time, each only while the lock is ours. */
  #change<T>(what: string, work: () => Promise<T> | T): Promise<T> {
    return this.#turn.pass(async () => {
      fenced(this.#kit.paths, { what, token: this.#heldToken() }, () => {});
      return work();
    });
  }

  #armedSwitch(): ArmedSwitch {
    if (this.#armed === undefined || this.#state === 'idle') throw new TypeError('a switch is armed first');
    return this.#armed;
  }

  #heldToken(): number {
    if (this.#token !== undefined && !this.#isOver) return this.#token;
    throw new OmpayError('lockLost', 'this run does not hold the lock of the host', {
      hint: 'nothing more is changed by it; look what serves: ompay status -e ENVIRONMENT',
    });
  }
}

/** Whether a process of this very run held the lock and died: systemd has started it again. */
export function hasDiedBefore({ paths, run }: Pick<CarrierKit, 'paths' | 'run'>): boolean {
  return readLock(paths.lock).holder?.run === run;
}
