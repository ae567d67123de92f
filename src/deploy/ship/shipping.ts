import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { once } from '../../core/once.ts';
import { SHIP_AGAIN } from '../../core/release-manifest.ts';
import { releasePlaces } from '../../core/server-layout.ts';
import { Gate } from '../../host/gate.ts';
import type { HostName } from '../../host/host.ts';
import type { HandlerContext } from '../../plan/act.ts';
import type { Shell } from '../../shell/line.ts';
import { archiveOf } from './archive.ts';
import { EXIT, type ShipPlaces } from './lines.ts';
import { lastLine, lookAt } from './look.ts';
import { compressedRuntime } from './runtime.ts';
import type { HostLook, Shippable } from './types.ts';

export interface ShipKit {
  readonly layout: Layout;
  readonly shippable: () => Promise<Shippable>;
  /** Of ompay.yml, for hints. */
  readonly environment: string;
  /** What goes before every path on the hosts; empty on servers. */
  readonly root?: string;
}

/** Each upload holds a copy of what it sends: 40 MB of runtime. */
const UPLOADS_AT_ONCE = 5;
const LINE_MS = 120_000;

/** What one run knows of each host, and prepares once for all of them. */
export interface Shipping {
  readonly environment: string;
  readonly places: ShipPlaces;
  readonly uploads: Gate;
  readonly shippable: () => Promise<Shippable>;
  readonly compressedRuntime: () => Promise<Uint8Array>;
  /** For the standard input of a line. */
  readonly agentArchive: () => Promise<string>;
  readonly releaseArchive: () => Promise<string>;
  /** What was there when the run first looked. */
  look(context: HandlerContext): Promise<HostLook>;
}

export function beginShipping(kit: ShipKit): Shipping {
  const root = kit.root ?? '';
  const places = { ...releasePlaces(root), root };
  const looks = new Map<HostName, Promise<HostLook>>();
  return {
    environment: kit.environment,
    places,
    uploads: new Gate(UPLOADS_AT_ONCE),
    shippable: kit.shippable,
    compressedRuntime: once(async () => compressedRuntime(kit.layout, (await kit.shippable()).runtime)),
    agentArchive: once(async () => archiveOf([(await kit.shippable()).agent.file])),
    releaseArchive: once(async () => archiveOf((await kit.shippable()).files)),
    look: async ({ host, signal }) => {
      const known = looks.get(host.name) ?? lookAt(host, await kit.shippable(), { ...kit, places, signal });
      looks.set(host.name, known);
      return known;
    },
  };
}

export interface Change {
  readonly stdin?: string;
  /** What the line puts in place, for errors. */
  readonly what: string;
  readonly environment: string;
}

/** Runs a line that changes the host. Throws what its exit code says. */
export async function change(
  line: Shell,
  { host, signal }: Pick<HandlerContext, 'host' | 'signal'>,
  { stdin, what, environment }: Change,
): Promise<string> {
  const input = stdin === undefined ? {} : { stdin };
  const { exitCode, stdout, stderr } = await host.exec(line, { timeoutMs: LINE_MS, signal, ...input });
  if (exitCode === 0) return stdout;
  throw failed({ exitCode, stderr, what, environment, on: host.name });
}

interface Failure {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly what: string;
  readonly environment: string;
  readonly on: HostName;
}

function failed({ exitCode, stderr, what, environment, on }: Failure): OmpayError {
  const said = lastLine(stderr);
  switch (exitCode) {
    case EXIT.notWhole:
      return new OmpayError('commandFailed', `${what} did not arrive whole on ${on}: ${said}`, {
        hint: `run it again; if it stays: ssh to ${on} and see df -h /opt/ompay`,
      });
    case EXIT.doesNotRun:
      return new OmpayError('preflightFailed', `${what} does not run on ${on}: ${said}`, {
        hint: 'Node 24 needs glibc 2.28 (Debian 10, Ubuntu 20.04, RHEL 8 or newer): see ldd --version there',
      });
    case EXIT.refused:
      return new OmpayError('releaseNotTrusted', `${on} refuses ${what}: ${refusalIn(stderr)}`, {
        hint: hintIn(stderr, environment),
      });
    default:
      return new OmpayError('commandFailed', `${what} could not be put in place on ${on}: ${said}`, {
        hint: `see its folder and disk: ls -l /opt/ompay, df -h /opt/ompay on ${on}`,
      });
  }
}

/** The agent writes `ompay agent: WHY`, and `hint: NEXT` on the next line. */
export function refusalIn(stderr: string): string {
  return /^ompay agent: (.*)$/m.exec(stderr)?.[1] ?? lastLine(stderr);
}

/** The agent does not know what its environment is called here. */
export function hintIn(stderr: string, environment: string): string {
  const hint = /^hint: (.*)$/m.exec(stderr)?.[1] ?? SHIP_AGAIN;
  return hint.replaceAll('ENVIRONMENT', environment);
}
