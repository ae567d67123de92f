import { OmpayError } from '../../core/errors.ts';
import { shownSize } from '../../core/units.ts';
import type { Host } from '../../host/host.ts';
import { EXIT, lookLine, type ShipPlaces } from './lines.ts';
import type { HostLook, Shippable } from './types.ts';

const LOOK_MS = 60_000;
/** As `uname -m` says what Node calls its processor. */
const MACHINES: Readonly<Record<string, string>> = { x86_64: 'linux-x64', aarch64: 'linux-arm64' };

export interface LookOptions {
  readonly places: ShipPlaces;
  readonly signal: AbortSignal;
  readonly environment: string;
}

/**
 * Sees what a host has, and refuses one where the release could not run or would have no room, before anything is sent.
 * Throws `preflightFailed`.
 */
export async function lookAt(
  host: Host,
  shippable: Shippable,
  { places, signal, environment }: LookOptions,
): Promise<HostLook> {
  const { runtime, agent, manifest } = shippable;
  const line = lookLine(places, { runtime: runtime.sha256, agent: agent.id, release: manifest.id });
  const { exitCode, stdout, stderr } = await host.exec(line, { timeoutMs: LOOK_MS, readOnly: true, signal });
  if (exitCode === EXIT.notInstalled) throw notInstalled(host.name, stderr, environment);
  if (exitCode !== 0) throw lookFailed(host.name, stderr, environment);
  const look = parseLook(stdout);
  assertMachine(host.name, look, runtime.platform);
  assertRoom(host.name, look, shippable);
  return look;
}

/** Lines of a name and a value; the release's comes last, and what the agent said of it may have several lines. */
export function parseLook(text: string): HostLook {
  const [head = '', said = ''] = text.split(/^release /m);
  const value = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1] ?? '';
  const [blocks = '0', blockBytes = '0'] = value('free').split(' ');
  const release = (['verified', 'absent', 'unseen'] as const).find((each) => said.trim() === each);
  return {
    machine: value('machine'),
    freeBytes: Number(blocks) * Number(blockBytes),
    hasRuntime: value('runtime') === 'yes',
    hasAgent: value('agent') === 'yes',
    currentAgent: value('current'),
    release: release ?? 'damaged',
    damage: release === undefined ? said.replace(/^damaged /, '').trim() : '',
  };
}

function assertMachine(name: string, { machine }: HostLook, platform: string): void {
  const needed = MACHINES[machine];
  if (needed === platform) return;
  throw new OmpayError(
    'preflightFailed',
    `${name} is ${machine || 'of an unknown kind'}, and the Node that would be sent is for ${platform}`,
    { hint: `deploy from a machine of the same kind as ${name} (uname -m)` },
  );
}

/** The compressed runtime lies beside the opened one for a moment. */
const RUNTIME_SHARE = 1.5;
const MARGIN_BYTES = 50_000_000;

function assertRoom(name: string, look: HostLook, { runtime, manifest, agent }: Shippable): void {
  const releaseBytes = manifest.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const needed =
    (look.hasRuntime ? 0 : runtime.sizeBytes * RUNTIME_SHARE) +
    (look.hasAgent ? 0 : agent.file.content.length) +
    (look.release === 'verified' ? 0 : releaseBytes);
  if (needed === 0 || look.freeBytes >= needed + MARGIN_BYTES) return;
  throw new OmpayError(
    'preflightFailed',
    `${name} has ${shownSize(look.freeBytes)} free under /opt/ompay, and ${shownSize(needed + MARGIN_BYTES)} are needed`,
    { hint: `make room on ${name}: df -h /opt/ompay; journalctl --vacuum-size=100M; apt-get clean` },
  );
}

function notInstalled(name: string, said: string, environment: string): OmpayError {
  return new OmpayError('preflightFailed', `${name} is not ready for releases: ${lastLine(said)}`, {
    hint: `ompay provision -e ${environment}`,
  });
}

function lookFailed(name: string, said: string, environment: string): OmpayError {
  return new OmpayError('commandFailed', `${name} could not tell what it has: ${lastLine(said)}`, {
    hint: `log in and look: ls -l /opt/ompay; ompay releases -e ${environment}`,
  });
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
