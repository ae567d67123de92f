import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { loadApiSettings } from '../config/load.ts';
import { messageOf, OmpayError, systemCodeOf } from '../core/errors.ts';
import { shownSize } from '../core/units.ts';
import { localEnvironment } from '../deploy/environment.ts';
import { MIN_FREE_BYTES } from '../deploy/handlers/preflight.ts';
import { damagedFiles, listReleases } from '../deploy/releases.ts';
import { journalFiles } from '../plan/journal.ts';
import { readLock } from '../plan/lock.ts';
import { verifyJournal } from '../plan/verify.ts';
import type { Invocation } from './command.ts';
import { localKit } from './kit/local.ts';
import { paint } from './render.ts';

interface Seen {
  readonly ok: boolean;
  readonly seen: string;
  /** What to type when it is not well. */
  readonly hint: string;
}

interface Finding extends Seen {
  readonly check: string;
}

type Look = (invocation: Invocation) => Seen | Promise<Seen>;

const LOOKS: readonly (readonly [check: string, look: Look])[] = [
  ['node', runtime],
  ['system', platform],
  ['folder', folder],
  ['disk', disk],
  ['config', config],
  ['lock', lock],
  ['journal', journal],
  ['releases', releases],
  ['services', services],
];

export function configure(_command: Command): void {}

/** Looks at this machine and this installation, changes nothing. Exit 0 when all is well, 3 when something is not. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  let isWell = true;
  for (const [check, look] of LOOKS) {
    const seen = await seenBy(look, invocation);
    output.write(shown({ check, ...seen }, output.json));
    isWell &&= seen.ok;
  }
  return isWell ? 0 : 3;
}

/** A look that fails is a finding too: it must not end the others. */
async function seenBy(look: Look, invocation: Invocation): Promise<Seen> {
  try {
    return await look(invocation);
  } catch (error) {
    const hint = error instanceof OmpayError ? error.hint : hintFor(systemCodeOf(error));
    return { ok: false, seen: messageOf(error), hint };
  }
}

function hintFor(systemCode: string | undefined): string {
  if (systemCode === undefined) return 'this is a fault of ompay itself: please report it';
  return 'first mend what `folder` says, then look again: ompay doctor';
}

function shown({ check, ok, seen, hint }: Finding, json: boolean): string {
  if (json) return `${JSON.stringify({ check, ok, seen, hint: ok ? '' : hint })}\n`;
  const mark = ok ? paint.good('✔') : paint.bad('✖');
  return `${mark} ${check.padEnd(9)} ${seen}${ok ? '' : `\n  next: ${hint}`}\n`;
}

function well(seen: string): Seen {
  return { ok: true, seen, hint: '' };
}

function runtime(): Seen {
  const major = Number(process.versions.node.split('.')[0]);
  return { ok: major >= 24, seen: `${process.versions.node} (${process.execPath})`, hint: 'npm ci' };
}

function platform(): Seen {
  const ok = process.platform === 'linux';
  return {
    ok,
    seen: `${process.platform} ${process.arch}${ok ? '' : ': promised on Linux, best effort elsewhere'}`,
    hint: 'run on Linux (glibc 2.28 or newer)',
  };
}

const ELSEWHERE = 'or choose another place with -C FOLDER';

/** The state's folder, or before the first deploy the one that it will be made in. */
function folder({ layout: { root, state } }: Invocation): Seen {
  const missing = { ok: false, seen: `${root} does not exist`, hint: `mkdir -p '${root}', ${ELSEWHERE}` };
  const rootSeen = folderSeen(root, missing);
  return rootSeen.ok ? folderSeen(state, rootSeen) : rootSeen;
}

function folderSeen(path: string, missing: Seen): Seen {
  try {
    if (!statSync(path).isDirectory())
      return {
        ok: false,
        seen: `${path} is not a folder`,
        hint: `mv '${path}' '${path}.away', ${ELSEWHERE}`,
      };
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return well(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT') return missing;
    return {
      ok: false,
      seen: `${path} cannot be read and written by this user (${code ?? messageOf(error)})`,
      hint: `sudo chown -R "$(id -un)" '${path}' && chmod u+rwx '${path}', ${ELSEWHERE}`,
    };
  }
}

function disk({ layout }: Invocation): Seen {
  const { bavail, bsize } = statfsSync(layout.root);
  const freeBytes = bavail * bsize;
  return {
    ok: freeBytes >= MIN_FREE_BYTES,
    seen: `${shownSize(freeBytes)} free`,
    hint: `free some room: ${shownSize(MIN_FREE_BYTES)} are needed`,
  };
}

function config({ layout }: Invocation): Seen {
  loadApiSettings(localEnvironment(layout, 8080));
  return well("the API's environment is complete");
}

function lock({ layout }: Invocation): Seen {
  const { holder } = readLock(layout.lock);
  return well(holder === null ? 'free' : `held by ${holder.owner} for ${holder.reason}`);
}

async function journal({ layout }: Invocation): Promise<Seen> {
  const verdict = await verifyJournal(journalFiles(layout));
  if (verdict.kind === 'intact') return well(`${verdict.lines} lines, chained and signed`);
  return { ok: false, seen: `broken at line ${verdict.line}: ${verdict.why}`, hint: 'ompay audit verify' };
}

function releases({ layout }: Invocation): Seen {
  const kept = listReleases(layout.releases);
  const damaged = kept
    .filter((release) => damagedFiles(layout.releases, release).length > 0)
    .map(({ id }) => id);
  if (damaged.length === 0) return well(`${kept.length} kept, none changed`);
  return {
    ok: false,
    seen: `changed since they were built: ${damaged.join(', ')}`,
    hint: 'build again: ompay deploy',
  };
}

async function services(invocation: Invocation): Promise<Seen> {
  const states = await localKit(invocation).services.states();
  if (states === undefined) return well('none runs');
  const dead = states.filter(({ pid }) => pid === null).map(({ name }) => name);
  if (dead.length === 0) return well(`${states.length} run`);
  return { ok: false, seen: `down: ${dead.join(', ')}`, hint: `ompay logs ${dead.join(' ')}` };
}
