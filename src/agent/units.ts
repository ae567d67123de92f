import type { Slot } from '../core/layout.ts';
import { slotUnit, workerUnit } from '../core/server-layout.ts';
import type { Host } from '../host/host.ts';
import { type Shell, sh } from '../shell/line.ts';
import { commandFailed } from './errors.ts';

export interface UnitState {
  readonly runs: boolean;
  /** How often systemd started it again by itself since it was last started on purpose. */
  readonly restarts: number;
}

/** The units of the two slots, as the agent uses them. */
export interface Units {
  states(): Promise<Readonly<Record<Slot, UnitState>>>;
  /** Starts it, anew when it runs, now and at each boot. */
  start(slot: Slot): Promise<void>;
  stop(slot: Slot): Promise<void>;
  /** The worker of the live slot alone runs; does nothing where no worker is set up. */
  moveWorker(to: Slot | null): Promise<void>;
  /** What its process last wrote, for an error. */
  lastLines(slot: Slot): Promise<string>;
}

const WORKER_UNIT_FILE = '/etc/systemd/system/ompay-worker@.service';
const LOOK_MS = 5000;
const START_MS = 20_000;
/** The unit itself is ended after 30 s (TimeoutStopSec). */
const STOP_MS = 40_000;

export function systemdUnits(host: Pick<Host, 'exec'>): Units {
  const run = async (line: Shell, timeoutMs: number): Promise<string> => {
    const result = await host.exec(line, { timeoutMs });
    if (result.exitCode === 0) return result.stdout;
    throw commandFailed(line, result);
  };
  return {
    states: async () => {
      const line = sh`systemctl show --property=ActiveState,NRestarts -- ${slotUnit('blue')} ${slotUnit('green')}`;
      const [blue = '', green = ''] = (await run(line, LOOK_MS)).split('\n\n');
      return { blue: readState(blue), green: readState(green) };
    },
    // Without a reload: a link among the wanted units matters at the next boot only, and a reload takes a second. A unit that
    // failed too often is not started before its failures are forgotten; one that never ran has none, which is an error.
    start: async (slot) => {
      const unit = slotUnit(slot);
      const forget = sh`{ systemctl reset-failed --quiet -- ${unit} 2>/dev/null || true; }`;
      const line = sh`systemctl enable --no-reload --quiet -- ${unit} && ${forget} && systemctl restart -- ${unit}`;
      await run(line, START_MS);
    },
    stop: async (slot) => {
      const unit = slotUnit(slot);
      const worker = withWorker(sh`systemctl stop -- ${workerUnit(slot)}`);
      await run(
        sh`systemctl disable --no-reload --quiet -- ${unit}; ${worker} && systemctl stop -- ${unit}`,
        STOP_MS,
      );
    },
    moveWorker: async (to) => {
      // Neither is waited for: a worker ends the job that it has, and the queue gives no job to two.
      const stop = sh`systemctl stop --no-block -- ${workerUnit(to === 'blue' ? 'green' : 'blue')}`;
      const start = to === null ? sh`true` : sh`systemctl start --no-block -- ${workerUnit(to)}`;
      await run(withWorker(sh`${stop} && ${start}`), STOP_MS);
    },
    lastLines: async (slot) => {
      const line = sh`journalctl --unit=${slotUnit(slot)} --lines=3 --output=cat --no-pager --quiet`;
      const { stdout } = await host.exec(line, { timeoutMs: LOOK_MS });
      return stdout.slice(-500);
    },
  };
}

/** The line, where workers are set up. */
function withWorker(line: Shell): Shell {
  return sh`{ test ! -e ${WORKER_UNIT_FILE} || { ${line}; }; }`;
}

function readState(text: string): UnitState {
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { runs: field('ActiveState') === 'active', restarts: Number(field('NRestarts')) || 0 };
}
