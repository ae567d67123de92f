import { OmpayError } from '../../core/errors.ts';
import { readJson } from '../../core/json.ts';
import { type Inventory, readInventory } from '../../core/release-inventory.ts';
import { AGENT_FILE, CURRENT_AGENT } from '../../core/server-layout.ts';
import type { Host } from '../../host/host.ts';
import { sh } from '../../shell/line.ts';
import { agentLine, EXIT } from './lines.ts';
import type { LookOptions } from './look.ts';
import { refusalIn } from './shipping.ts';

const INVENTORY_MS = 30_000;

/** What a host has, by the agent in use there. Undefined where nothing was ever shipped. Throws `commandFailed`. */
export async function inventoryOf(
  host: Host,
  { places, signal, environment }: LookOptions,
): Promise<Inventory | undefined> {
  const program = `${places.agents}/${CURRENT_AGENT}/${AGENT_FILE}`;
  const line = sh`[ -e ${program} ] || exit ${EXIT.notInstalled}
exec ${agentLine(places, CURRENT_AGENT, ['inventory'])}`;
  const { exitCode, stdout, stderr } = await host.exec(line, {
    timeoutMs: INVENTORY_MS,
    readOnly: true,
    signal,
  });
  if (exitCode === EXIT.notInstalled) return undefined;
  const hint = `ompay self-upgrade -e ${environment}`;
  const what = `what the agent on ${host.name} says`;
  if (exitCode === 0)
    return readInventory(readJson(Buffer.from(stdout), { what, code: 'commandFailed', hint }));
  throw new OmpayError(
    'commandFailed',
    `the agent on ${host.name} does not tell what is there: ${refusalIn(stderr)}`,
    {
      hint,
    },
  );
}
