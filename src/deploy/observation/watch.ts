import type { Clock } from '../../core/clock.ts';
import type { Slot } from '../../core/layout.ts';
import { type LedgerWatch, watchLedger } from './invariants.ts';
import { createJudge, type Judge, type WatchedSecond } from './judge.ts';
import type { Prober, ProbeTally } from './probes.ts';
import { LEAST_PROBES_A_SECOND, MOST_PROBES_A_SECOND, RULE } from './rule.ts';
import { type Traffic, type TrafficCount, trafficBetween } from './traffic.ts';
import type { OpenWitness } from './witness.ts';

export interface WatchKit {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly slot: Slot;
  readonly windowMs: number;
  /** The front's counts right before the switch. */
  readonly from: Traffic;
  /** What the old release showed; null when there was none. */
  readonly baseline: TrafficCount | null;
  /** Whether a release was live before, so that latencies are to be compared. */
  readonly hasOld: boolean;
  readonly look: () => Promise<Traffic>;
  /** Whether the slot's process died since it was switched to. */
  readonly hasDied: () => Promise<boolean>;
  readonly witness: Pick<OpenWitness, 'invariants'>;
  readonly prober: Prober;
}

/** `inconclusive`: nothing bad was seen, and too little was seen. */
export type Verdict = 'well' | 'bad' | 'inconclusive';

export interface Observation {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly windowMs: number;
  /** One a second after the switch. */
  readonly seconds: readonly WatchedSecond[];
  readonly probes: { readonly sent: number; readonly wrong: number };
  readonly invariantLooks: number;
  /** Whose latencies were compared with the old release's. */
  readonly compared: readonly string[];
}

/** What is seen while it is seen: an interrupted watch leaves it too. */
export interface Watch {
  /** Ends when the window does, or at once when the release is bad. Throws only when it is interrupted. */
  run(): Promise<Observation>;
  /** So far. */
  seen(verdict: Verdict, reasons: readonly string[]): Observation;
}

/** Watches a release that has just become live, a second at a time. "Well" never ends the window early: a fault may begin late. */
export function createWatch(kit: WatchKit): Watch {
  const windowSeconds = Math.ceil(kit.windowMs / 1000);
  const judge = createJudge(kit.baseline, windowSeconds);
  const ledger = watchLedger(kit.witness);
  const seconds: WatchedSecond[] = [];
  const probes = { sent: 0, wrong: 0 };
  let last = kit.from;

  async function second(number: number): Promise<string | undefined> {
    ledger.begin();
    const [tally, died] = await Promise.all([probe(kit, seconds.at(-1)), kit.hasDied(), untilSecond(number)]);
    const now = await kit.look().catch(() => undefined);
    probes.sent += tally.sent;
    probes.wrong += tally.wrong;
    const seen = secondOf(kit, { number, before: last, now, tally });
    last = now ?? last;
    seconds.push(seen);
    const found = judge.add(seen);
    return died ? 'its process died' : (ledgerReason(ledger) ?? probeReason(kit.prober) ?? found);
  }

  const startedMs = kit.clock.monotonicMs();
  const untilSecond = (number: number): Promise<void> =>
    kit.clock.sleep(Math.max(0, startedMs + number * 1000 - kit.clock.monotonicMs()), kit.signal);
  // A second whose requests were answered late is a long one: the window ends all the same.
  const nextSecond = (): number => Math.floor((kit.clock.monotonicMs() - startedMs) / 1000) + 1;
  const seen: Watch['seen'] = (verdict, reasons) => ({
    verdict,
    reasons,
    windowMs: kit.windowMs,
    seconds,
    probes,
    invariantLooks: ledger.looks(),
    compared: judge.compared(),
  });
  return {
    seen,
    run: async () => {
      for (let number = 1; number <= windowSeconds; number = nextSecond()) {
        const reason = await second(number);
        if (reason !== undefined) return seen('bad', [reason]);
      }
      await ledger.finish(kit.clock);
      const broken = ledgerReason(ledger);
      if (broken !== undefined) return seen('bad', [broken]);
      const missing = missingOf({ kit, seconds, ledger, judge });
      return seen(missing.length === 0 ? 'well' : 'inconclusive', missing);
    },
  };
}

/** Fills up what users do not send, as far as the window needs it; more when only our own latencies can be compared. */
function probe(kit: WatchKit, before: WatchedSecond | undefined): Promise<ProbeTally> {
  const neededASecond = Math.ceil((MOST_PROBES_A_SECOND * RULE.thresholdSeconds * 1000) / kit.windowMs);
  const pace = Math.min(MOST_PROBES_A_SECOND, neededASecond);
  const cannotCompare = kit.hasOld && before !== undefined && before.latency === null;
  const users = cannotCompare ? 0 : Math.max(0, (before?.requests ?? 0) - (before?.probes ?? 0));
  const count = Math.max(LEAST_PROBES_A_SECOND, pace - users);
  return kit.prober.second(count);
}

function secondOf(
  kit: WatchKit,
  {
    number,
    before,
    now,
    tally,
  }: { number: number; before: Traffic; now: Traffic | undefined; tally: ProbeTally },
): WatchedSecond {
  const users = now === undefined ? NOTHING_SEEN : trafficBetween(before, now, kit.slot);
  return {
    ...users,
    second: number,
    failed: users.failed + tally.wrongUnseen,
    requests: Math.max(users.requests, tally.sent),
    probes: tally.sent,
    probeLatency: tally.latency,
    controlLatency: tally.control,
  };
}

const NOTHING_SEEN: TrafficCount = { requests: 0, failed: 0, latency: null };

function ledgerReason(ledger: LedgerWatch): string | undefined {
  const broken = ledger.broken();
  return broken === null ? undefined : `the ledger is broken: ${broken}`;
}

function probeReason(prober: Prober): string | undefined {
  const wrong = prober.wrongInRow();
  if (wrong < RULE.wrongProbesInRow) return undefined;
  return `${wrong} requests of our own in a row were not answered rightly`;
}

/** Why nothing can be concluded; empty when enough was seen. */
function missingOf(seen: {
  readonly kit: WatchKit;
  readonly seconds: readonly WatchedSecond[];
  readonly ledger: LedgerWatch;
  readonly judge: Judge;
}): string[] {
  const requests = seen.seconds.reduce((sum, second) => sum + second.requests, 0);
  return [
    ...(requests < RULE.leastRequests
      ? [`${requests} requests were seen, ${RULE.leastRequests} are needed`]
      : []),
    ...(seen.kit.hasOld && seen.judge.compared().length === 0
      ? [
          `latency was not compared: fewer than ${RULE.latency.leastRequests} requests of the old or the new release`,
        ]
      : []),
    ...(seen.ledger.looks() === 0 ? ['the ledger could not be looked at'] : []),
  ];
}
