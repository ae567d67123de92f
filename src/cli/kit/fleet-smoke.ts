import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { SERVER, slotSocket } from '../../core/server-layout.ts';
import { carrierOf } from '../../deploy/fleet/memory.ts';
import { askOps } from '../../deploy/fleet/ops-client.ts';
import { slotHost } from '../../deploy/fleet/slot-host.ts';
import { slotIn } from '../../deploy/handlers/slot-name.ts';
import type { OpenWitness } from '../../deploy/observation/witness.ts';
import { runSmoke } from '../../deploy/smoke.ts';
import {
  accessTokenIn,
  balance,
  expectStatus,
  failed,
  type ProbeAccounts,
  post,
  type SmokeKit,
} from '../../deploy/smoke-requests.ts';
import type { Host } from '../../host/host.ts';
import type { HandlerContext } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import type { FleetDataKit } from './fleet-data.ts';

const PROBE_MS = 20_000;
const PROVE_MS = 60_000;
/** Each look is a process and a connection to the database. */
const BETWEEN_LOOKS_MS = 3000;

/**
 * `money`: the whole flow of src/deploy/smoke.ts against the host's slot. Without it: see the balance in a session that the
 * first of these hosts gave, and, where it `ends`, log out. Hosts share the database and the probe accounts, so money
 * moves on one of them; what a host has of its own (its settings, its way to the database and Redis) the short one meets
 * too. One session, as the API refuses the sixth login at once, and so many a minute.
 */
export async function fleetSmoke(
  { memory, run }: FleetDataKit,
  input: JsonObject,
  { host, signal }: HandlerContext,
): Promise<JsonObject> {
  const slot = slotIn(input.slot);
  const release = String(input.release);
  const kit: SmokeKit = {
    host: slotHost(host, carrierOf(memory, host.name), slot),
    target: { socketPath: slotSocket(slot) },
    accounts: await accountsOn(host, release, signal),
    run,
    readOtp: async (telephone) => {
      const words = ['probe', 'code', telephone];
      return (await askOps(host, { release, words, timeoutMs: PROBE_MS, signal })).text('code');
    },
    proveLedger: async () => {
      const { problem, sequence } = await prove(host, release, { signal, since: null });
      if (problem !== null) throw unsound(problem);
      memory.provenSequence = sequence;
    },
    signal,
  };
  if (input.money === true) return runSmoke(kit);
  memory.session ??= sessionOf(kit);
  const session = await memory.session;
  if (input.ends === true) memory.session = undefined;
  return readSmoke(kit, session, input.ends === true);
}

/** It may be repeated, so it leaves no trace on the host; the password stays in this process. */
async function accountsOn(host: Host, release: string, signal: AbortSignal): Promise<ProbeAccounts> {
  const said = await askOps(host, { release, words: ['probe', 'accounts'], timeoutMs: PROBE_MS, signal });
  const recipient = said.text('receiver');
  const [sender, distributor] = [said.text('sender'), said.text('distributor')];
  return { sender, recipient, distributor, password: said.text('password') };
}

async function sessionOf(kit: SmokeKit): Promise<Secret> {
  const { recipient, password } = kit.accounts;
  const login = { telephone: recipient, password };
  const answer = await expectStatus('login', 200, post(kit, '/api/auth/login', login));
  const token = accessTokenIn(answer);
  if (token === undefined) throw failed('login', 'an access_token', 'none');
  return new Secret(token);
}

async function readSmoke(kit: SmokeKit, session: Secret, ends: boolean): Promise<JsonObject> {
  const token = session.reveal();
  const balanceXof = await balance(kit, token);
  if (ends) await expectStatus('logout', 200, post(kit, '/api/ompay/logout', {}, token));
  return { shown: 'reads the balance in the session of all', balanceXof };
}

interface Proof {
  /** What is broken, or null. */
  readonly problem: string | null;
  /** The newest transfer of the chain. */
  readonly sequence: number;
}

async function prove(
  host: Host,
  release: string,
  { since, signal }: { readonly since: number | null; readonly signal: AbortSignal },
): Promise<Proof> {
  const words = ['prove', ...(since === null ? [] : [String(since)])];
  const said = await askOps(host, { release, words, timeoutMs: PROVE_MS, signal });
  const what = since === null ? 'its invariants do not hold' : `what was posted after ${since} is not sound`;
  return { problem: said.flag('sound') ? null : what, sequence: said.object('head').whole('seq') };
}

function unsound(problem: string): OmpayError {
  return new OmpayError('checkBlocked', `the ledger: ${problem}`, {
    hint: `on a web host: cd ${SERVER.slots}/blue && ./node ops.mjs prove --environment ${SERVER.environment}`,
  });
}

/** What is posted while users are watched, looked at from one host; a look holds nothing up. */
export function fleetWitness(
  place: () => { readonly host: Host; readonly release: string; readonly since: number | null } | undefined,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Pick<OpenWitness, 'invariants'> {
  let next: number | null = null;
  let lookedMs = Number.NEGATIVE_INFINITY;
  return {
    invariants: async () => {
      const where = place();
      if (where === undefined) throw new TypeError('there is no host to look from');
      await clock.sleep(Math.max(0, lookedMs + BETWEEN_LOOKS_MS - clock.monotonicMs()), signal);
      lookedMs = clock.monotonicMs();
      const { problem, sequence } = await prove(where.host, where.release, {
        since: next ?? where.since,
        signal,
      });
      if (problem === null) next = sequence;
      return problem;
    },
  };
}
