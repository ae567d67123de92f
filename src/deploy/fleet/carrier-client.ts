import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { type JsonReader, readJson } from '../../core/json.ts';
import { AGENT_FILE, CURRENT_AGENT, NODE_LINK, SERVER, slotUnit } from '../../core/server-layout.ts';
import type { Host, HttpAnswer } from '../../host/host.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { isErrorName } from './ops-client.ts';

/** One run's carrier on one host, by its socket. */
export interface CarrierClient {
  /** Commands are safe to repeat, so one whose connection was lost is sent once more. Throws what the carrier answers. */
  call(command: string, request: JsonObject, limits: CallLimits): Promise<JsonReader>;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const AGENT = `${SERVER.agents}/${CURRENT_AGENT}`;
const NODE = `${AGENT}/${NODE_LINK}`;
const PROGRAM = `${AGENT}/${AGENT_FILE}`;
const START_MS = 20_000;
const FACTS_MS = 15_000;
const TRIES = 2;

/** By our own lines below, apart from what programs end with. */
const NOT_PROVISIONED = 70;
const NO_AGENT = 71;
const NOT_STARTED = 72;

/** Ends with one of the codes above where the host is not set up. */
const IS_SET_UP = sh`test -e /etc/systemd/system/${slotUnit('blue').replace('blue', '')} || exit ${NOT_PROVISIONED}
test -x ${NODE} && test -e ${PROGRAM} || exit ${NO_AGENT}`;

/**
 * The carrier is a transient unit of systemd: it outlives the connection, and is started again when it is killed. To start it
 * twice is to start it once, since a unit has one name: so the line may be sent again, and needs no room on the disk.
 */
export async function startCarrier(host: Host, run: string, leaseMs: number): Promise<CarrierClient> {
  const socketPath = `${SERVER.carriers}/${run}.sock`;
  const properties = ['Restart=on-failure', 'RestartSec=100ms', 'TimeoutStopSec=60'];
  const options = properties.map((property) => `--property=${property}`);
  const unit = `ompay-carrier-${run}.service`;
  const line = sh`${IS_SET_UP}
systemd-run --quiet --collect --unit=${unit} ${options} -- ${NODE} ${PROGRAM} carry ${run} ${leaseMs} "\${SUDO_UID:-0}" || test -S ${socketPath} || exit ${NOT_STARTED}
i=0
while [ $i -lt 500 ]; do
  test -S ${socketPath} && exit 0
  sleep 0.02
  i=$((i + 1))
done
journalctl --unit=${unit} --lines=3 --output=cat --no-pager >&2
exit ${NOT_STARTED}`;
  await runOn(host, line, START_MS);
  return carrierClient(host, socketPath);
}

/** Throws `notFound` for a host that was not provisioned; what its agent would say does not matter, as a deploy brings its own. */
export async function assertSetUp(host: Host, signal: AbortSignal): Promise<{ readonly hasAgent: boolean }> {
  try {
    await runOn(host, IS_SET_UP, FACTS_MS, signal);
    return { hasAgent: true };
  } catch (error) {
    if (error instanceof NoAgent) return { hasAgent: false };
    throw error;
  }
}

/** What the agent says of its host, without a lock. Null where no agent is yet. Throws `notFound` for a bare host. */
export async function lookAt(host: Host, signal?: AbortSignal): Promise<JsonReader | null> {
  const line = sh`${IS_SET_UP}
exec ${NODE} ${PROGRAM} facts`;
  try {
    const stdout = await runOn(host, line, FACTS_MS, signal);
    return readJson(Buffer.from(stdout), originOf(host));
  } catch (error) {
    if (error instanceof NoAgent) return null;
    throw error;
  }
}

class NoAgent extends OmpayError {}

async function runOn(host: Host, line: Shell, timeoutMs: number, signal?: AbortSignal): Promise<string> {
  const limits = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
  const { exitCode, stdout, stderr } = await host.exec(line, { ...limits, readOnly: true });
  if (exitCode === 0) return stdout;
  if (exitCode === NOT_PROVISIONED)
    throw new OmpayError('notFound', `${host.name} is not set up as a web host: it has no unit of the API`, {
      hint: 'ompay provision -e ENVIRONMENT',
    });
  if (exitCode === NO_AGENT)
    throw new NoAgent('notFound', `${host.name} has no agent of ompay: nothing was deployed to it`, {
      hint: 'ompay deploy -e ENVIRONMENT',
    });
  const said = (stderr || stdout).trim().split('\n').slice(-3).join(' ').slice(-500);
  throw new OmpayError('commandFailed', `the agent of ${host.name} did not do its work: ${said}`, {
    hint: `journalctl --unit='ompay-carrier-*' on ${host.name}`,
  });
}

function carrierClient(host: Host, socketPath: string): CarrierClient {
  return {
    call: async (command, request, { timeoutMs, signal }) => {
      const limit = AbortSignal.timeout(timeoutMs);
      const stop = signal === undefined ? limit : AbortSignal.any([limit, signal]);
      for (let tries = 1; ; tries += 1) {
        try {
          const answer = await host.request({
            method: 'POST',
            target: { socketPath },
            path: `/${command}`,
            body: JSON.stringify(request),
            timeoutMs,
            signal: stop,
          });
          return answered(host, answer);
        } catch (error) {
          signal?.throwIfAborted();
          if (limit.aborted) throw tooLate(host, command, timeoutMs);
          if (tries === TRIES || !isLost(error)) throw error;
        }
      }
    },
  };
}

function answered(host: Host, { statusCode, body }: HttpAnswer): JsonReader {
  const reader = readJson(Buffer.from(body), originOf(host));
  if (statusCode === 200) return reader;
  const code = reader.text('code');
  throw new OmpayError(isErrorName(code) ? code : 'internal', `${host.name}: ${reader.text('message')}`, {
    hint: reader.text('hint'),
  });
}

function isLost(error: unknown): boolean {
  return error instanceof OmpayError && error.code === 'hostUnreachable';
}

function tooLate(host: Host, command: string, timeoutMs: number): OmpayError {
  return new OmpayError(
    'hostUnreachable',
    `${host.name} gave no answer to ${command} within ${timeoutMs} ms`,
    {
      hint: `see whether it is there: ompay status -e ENVIRONMENT`,
    },
  );
}

function originOf(host: Host) {
  return {
    what: `the answer of ${host.name}`,
    code: 'commandFailed',
    hint: 'ompay self-upgrade -e ENVIRONMENT',
  } as const;
}

/** Says that the operator is there, until the signal is aborted. A host that does not hear it goes back by itself. */
export async function beat(
  carriers: () => Iterable<CarrierClient>,
  {
    clock,
    intervalMs,
    signal,
  }: { readonly clock: Clock; readonly intervalMs: number; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const all = [...carriers()].map((carrier) => carrier.call('renew', {}, { timeoutMs: intervalMs * 2 }));
    // Slow hosts must not keep the others waiting: each beat is sent whatever came of the one before.
    void Promise.allSettled(all);
    await clock.sleep(intervalMs, signal).catch(() => {});
  }
}
