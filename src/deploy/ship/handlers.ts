import { randomBytes } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import { readJson } from '../../core/json.ts';
import { shownSize } from '../../core/units.ts';
import type { HandlerContext, Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { inventoryOf } from './inventory.ts';
import { agentLine, agentUploadLine, releaseUploadLine, runtimeLine, useAgentLine } from './lines.ts';
import { beginShipping, change, hintIn, refusalIn, type ShipKit, type Shipping } from './shipping.ts';

const AGENT_MS = 60_000;

/**
 * `ship.runtime`, `ship.agent`, `ship.release`, in this order for each host: what is there already is not sent again, and a
 * host that has everything is asked once. `ship.agentFile`, `ship.useAgent` and its undo
 * `ship.formerAgent` upgrade the agent alone. `ship.verify` and `ship.prune` need the agent there.
 */
export function shipHandlers(kit: ShipKit): Handlers {
  const shipping = beginShipping(kit);
  return {
    'ship.runtime': async (_input, context) => shipRuntime(shipping, context),
    'ship.agent': async (_input, context) => shipAgent(shipping, context),
    'ship.release': async (_input, context) => shipRelease(shipping, context),
    'ship.agentFile': async (_input, context) => sendAgent(shipping, context),
    'ship.useAgent': async (_input, context) => useNewAgent(shipping, context),
    'ship.formerAgent': async (_input, context) => useFormerAgent(shipping, context),
    'ship.verify': async ({ release }, context) => verify(shipping, String(release), context),
    'ship.prune': async ({ keep }, context) => prune(shipping, Number(keep), context),
  };
}

async function shipRuntime(shipping: Shipping, context: HandlerContext): Promise<JsonObject> {
  const { runtime } = await shipping.shippable();
  const what = `Node ${runtime.version}`;
  if ((await shipping.look(context)).hasRuntime) return { sent: false, shown: `${what} was there` };
  const content = await shipping.compressedRuntime();
  await shipping.uploads.pass(async () => {
    const compressed = `.${runtime.sha256}.${randomBytes(6).toString('hex')}.gz.part`;
    await context.host.put(content, `${shipping.places.runtimes}/${compressed}`, 0o600);
    await change(runtimeLine(shipping.places, runtime.sha256, compressed), context, { ...shipping, what });
  }, context.signal);
  return { sent: true, shown: `${what} sent, ${shownSize(content.length)}` };
}

/** A newer agent is the one in use from here on; one that carries something goes on with what it has in memory. */
async function shipAgent(shipping: Shipping, context: HandlerContext): Promise<JsonObject> {
  const { agent } = await shipping.shippable();
  const look = await shipping.look(context);
  const what = `agent ${agent.id}`;
  if (look.hasAgent && look.currentAgent === agent.id) return { sent: false, shown: `${what} was there` };
  const { sent } = await sendAgent(shipping, context);
  await change(useAgentLine(shipping.places, agent.id), context, { ...shipping, what });
  return { sent, before: look.currentAgent, shown: `${what} is in use` };
}

async function sendAgent(shipping: Shipping, context: HandlerContext) {
  const { agent } = await shipping.shippable();
  const what = `agent ${agent.id}`;
  if ((await shipping.look(context)).hasAgent) return { sent: false, shown: `${what} was there` };
  const upload = { id: agent.id, sha256: agent.file.sha256, runtime: agent.runtimeSha256 };
  const stdin = await shipping.agentArchive();
  const send = async () =>
    change(agentUploadLine(shipping.places, upload), context, { ...shipping, stdin, what });
  await shipping.uploads.pass(send, context.signal);
  return { sent: true, shown: `${what} sent, ${shownSize(stdin.length)}` };
}

/** By the way that everyone comes, over `current`. */
async function useNewAgent(shipping: Shipping, context: HandlerContext): Promise<JsonObject> {
  const { agent } = await shipping.shippable();
  const { currentAgent } = await shipping.look(context);
  const what = `agent ${agent.id}`;
  if (currentAgent !== agent.id)
    await change(useAgentLine(shipping.places, agent.id), context, { ...shipping, what });
  const inventory = await inventoryOf(context.host, { ...shipping, signal: context.signal });
  if (inventory?.agent === agent.id)
    return { before: currentAgent, shown: `${what} answers; before: ${currentAgent || 'none'}` };
  throw new OmpayError('commandFailed', `${what} on ${context.host.name} does not answer as itself`, {
    hint: `log in to ${context.host.name} and look: ls -l /opt/ompay/agents`,
  });
}

async function useFormerAgent(shipping: Shipping, context: HandlerContext): Promise<JsonObject> {
  const { currentAgent } = await shipping.look(context);
  const { agent } = await shipping.shippable();
  if (currentAgent === '' || currentAgent === agent.id) return { shown: 'there was no other' };
  await change(useAgentLine(shipping.places, currentAgent), context, {
    ...shipping,
    what: `agent ${currentAgent}`,
  });
  return { shown: `agent ${currentAgent} is in use again` };
}

async function shipRelease(shipping: Shipping, context: HandlerContext): Promise<JsonObject> {
  const { manifest, agent, runtime } = await shipping.shippable();
  const look = await shipping.look(context);
  const what = `release ${manifest.id}`;
  if (look.release === 'verified') return { sent: false, shown: `${what} was there, verified` };
  const stdin = await shipping.releaseArchive();
  const names = { runtime: runtime.sha256, agent: agent.id, release: manifest.id };
  const line = releaseUploadLine(shipping.places, names);
  await shipping.uploads.pass(
    async () => change(line, context, { ...shipping, stdin, what }),
    context.signal,
  );
  const again = look.damage === '' ? '' : ` (what was there was not it: ${refusalIn(look.damage)})`;
  return {
    sent: true,
    damage: look.damage,
    shown: `${what} sent, ${shownSize(stdin.length)}, verified there${again}`,
  };
}

/** Throws `releaseNotTrusted` with what the agent on the host saw. */
async function verify(shipping: Shipping, release: string, context: HandlerContext): Promise<JsonObject> {
  const { stderr, exitCode } = await askAgent(shipping, ['verify', release], context);
  if (exitCode === 0) return { shown: `release ${release} is as it was signed` };
  throw new OmpayError('releaseNotTrusted', `${context.host.name}: ${refusalIn(stderr)}`, {
    hint: hintIn(stderr, shipping.environment),
  });
}

async function prune(shipping: Shipping, keep: number, context: HandlerContext): Promise<JsonObject> {
  const { exitCode, stdout, stderr } = await askAgent(shipping, ['prune', String(keep)], context);
  const { name } = context.host;
  if (exitCode !== 0) {
    throw new OmpayError('commandFailed', `${name} could not remove old releases: ${refusalIn(stderr)}`, {
      hint: `log in to ${name} and look: ls -l /opt/ompay/releases`,
    });
  }
  const origin = {
    what: `what the agent on ${name} says`,
    code: 'internal',
    hint: `ompay self-upgrade -e ${shipping.environment}`,
  } as const;
  const removed = readJson(Buffer.from(stdout), origin).textList('releases');
  const shown = removed.length === 0 ? 'nothing to remove' : `removed ${removed.join(', ')}`;
  return { removed, shown };
}

/** The newest agent, which is there since `ship.agent`. */
async function askAgent(
  { places, shippable }: Shipping,
  words: readonly [string, ...(readonly string[])],
  { host, signal }: HandlerContext,
) {
  const { agent } = await shippable();
  return host.exec(agentLine(places, agent.id, words), { timeoutMs: AGENT_MS, signal });
}
