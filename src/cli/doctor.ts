import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadApiSettings } from '../config/load.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { shownSize } from '../core/units.ts';
import { localEnvironment } from '../deploy/environment.ts';
import { damagedFiles } from '../deploy/releases.ts';
import { journalFiles } from '../plan/journal.ts';
import { readLock } from '../plan/lock.ts';
import { verifyJournal } from '../plan/verify.ts';
import type { Invocation } from './command.ts';
import { localKit } from './kit/local.ts';
import { paint } from './render.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly seen: string;
  /** What to type when it is not well. */
  readonly hint: string;
}

const MIN_FREE_BYTES = 1_000_000_000;

export function configure(_command: Command): void {}

/** Looks at this machine and this installation, changes nothing. Exit 0 when all is well, 3 when something is not. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const findings = [
    runtime(),
    platform(),
    folder(invocation),
    disk(invocation),
    config(invocation),
    lock(invocation),
    await journal(invocation),
    await releases(invocation),
    await services(invocation),
  ];
  for (const { check, ok, seen, hint } of findings) {
    if (output.json) output.write(`${JSON.stringify({ check, ok, seen, hint: ok ? '' : hint })}\n`);
    else
      output.write(
        `${ok ? paint.good('✔') : paint.bad('✖')} ${check.padEnd(9)} ${seen}${ok ? '' : `\n  next: ${hint}`}\n`,
      );
  }
  return findings.every(({ ok }) => ok) ? 0 : 3;
}

function runtime(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    check: 'node',
    ok: major >= 24,
    seen: `${process.versions.node} (${process.execPath})`,
    hint: 'npm ci',
  };
}

function platform(): Finding {
  const ok = process.platform === 'linux';
  return {
    check: 'system',
    ok,
    seen: `${process.platform} ${process.arch}${ok ? '' : ': promised on Linux, best effort elsewhere'}`,
    hint: 'run on Linux (glibc 2.28 or newer)',
  };
}

function folder({ layout }: Invocation): Finding {
  const place = existsSync(layout.state) ? layout.state : layout.root;
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
    return { check: 'folder', ok: true, seen: place, hint: '' };
  } catch (error) {
    return {
      check: 'folder',
      ok: false,
      seen: messageOf(error),
      hint: `make ${place} writable, or choose another with -C FOLDER`,
    };
  }
}

function disk({ layout }: Invocation): Finding {
  const { bavail, bsize } = statfsSync(layout.root);
  const freeBytes = bavail * bsize;
  return {
    check: 'disk',
    ok: freeBytes >= MIN_FREE_BYTES,
    seen: `${shownSize(freeBytes)} free`,
    hint: `free some room: ${shownSize(MIN_FREE_BYTES)} are needed`,
  };
}

function config({ layout }: Invocation): Finding {
  return attempt('config', () => {
    loadApiSettings(localEnvironment(layout, 8080));
    return "the API's environment is complete";
  });
}

function lock({ layout }: Invocation): Finding {
  return attempt('lock', () => {
    const { holder } = readLock(layout.lock);
    return holder === null ? 'free' : `held by ${holder.owner} for ${holder.reason}`;
  });
}

async function journal({ layout }: Invocation): Promise<Finding> {
  const verdict = await verifyJournal(journalFiles(layout));
  if (verdict.kind === 'intact')
    return { check: 'journal', ok: true, seen: `${verdict.lines} lines, chained and signed`, hint: '' };
  return {
    check: 'journal',
    ok: false,
    seen: `broken at line ${verdict.line}: ${verdict.why}`,
    hint: 'ompay audit verify',
  };
}

async function releases(invocation: Invocation): Promise<Finding> {
  const facts = await localKit(invocation).deployKit.facts();
  const damaged = facts.releases
    .filter((release) => damagedFiles(invocation.layout.releases, release).length > 0)
    .map(({ id }) => id);
  return {
    check: 'releases',
    ok: damaged.length === 0,
    seen:
      damaged.length === 0
        ? `${facts.releases.length} kept, none changed`
        : `changed since they were built: ${damaged.join(', ')}`,
    hint: 'build again: ompay deploy',
  };
}

async function services(invocation: Invocation): Promise<Finding> {
  const states = await localKit(invocation).services.states();
  if (states === undefined) return { check: 'services', ok: true, seen: 'none runs', hint: '' };
  const dead = states.filter(({ pid }) => pid === null).map(({ name }) => name);
  return {
    check: 'services',
    ok: dead.length === 0,
    seen: dead.length === 0 ? `${states.length} run` : `down: ${dead.join(', ')}`,
    hint: `ompay logs ${dead.join(' ')}`,
  };
}

function attempt(check: string, look: () => string): Finding {
  try {
    return { check, ok: true, seen: look(), hint: '' };
  } catch (error) {
    return {
      check,
      ok: false,
      seen: messageOf(error),
      hint: error instanceof OmpayError ? error.hint : 'ompay logs',
    };
  }
}
