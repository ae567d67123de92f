import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Layout, localLayout } from '../../src/core/layout.ts';
import { livingOwner } from '../../src/core/ownership.ts';
import { acceptedReleases } from '../../src/deploy/accepted.ts';
import { underLoad } from '../switch/installation.ts';
import type { LoadResult } from '../switch/load.ts';
import { countReferences, seedUsers } from '../switch/seed.ts';
import { changedTree } from '../switch/tree.ts';
import { type Ended, mustRun, type Place, run } from './command.ts';

/** 8 connections that wait 100 ms between requests: 50 to 80 requests a second, of them 40 % transfers. */
const SHAPE = { connections: 8, pauseMs: 100, slowMs: 10_000, maxMs: 4 * 3_600_000 };
/** No common factor with the mix of ten, and each customer stays under 60 transfers a minute. */
const USERS = SHAPE.connections * 41;

/** One installation that is interrupted again and again, from a copy of the source that nobody edits meanwhile. */
export interface Stage extends Place {
  readonly name: string;
  readonly layout: Layout;
  readonly port: number;
  /** Words that make a deploy watch as briefly as it can. */
  readonly briefly: readonly string[];
}

/** A stage with nothing in it. */
export async function emptyStage(programRoot: string, name: string): Promise<Stage> {
  const root = mkdtempSync(join(tmpdir(), 'ompay-interrupt-'));
  const tree = changedTree(programRoot, join(root, 'tree'), 'interrupted');
  const layout = localLayout(root);
  const help = await run({ tree, root }, ['deploy', '--help']);
  return { name, root, tree, layout, port: await freePort(), briefly: brieflyOf(help.stdout) };
}

/** A deploy observes for a second; later versions may call it a bake. */
function brieflyOf(help: string): string[] {
  const option = ['--bake', '--bake'].find((each) => help.includes(each));
  return option === undefined ? [] : [option, '1'];
}

/** Two releases that were live, so that there is one to go back to. */
export async function deployTwice(stage: Stage): Promise<void> {
  choose(stage, 'first');
  await mustRun(stage, ['deploy', '--port', String(stage.port), ...stage.briefly]);
  choose(stage, 'second');
  await mustRun(stage, ['deploy', ...stage.briefly]);
}

/** Another setting is another release, and costs no other source. The variable is read and not used yet. */
export function choose({ root }: Stage, setting: string): void {
  writeFileSync(join(root, '.env'), `REDIS_HOST=${setting}\n`);
}

/** Runs `body` under load; afterwards every acknowledged transfer is looked for in the ledger. */
export async function withTransfers(
  stage: Stage,
  body: () => Promise<void>,
): Promise<LoadResult & { readonly ledger: Awaited<ReturnType<typeof countReferences>> }> {
  const users = await seedUsers(stage.layout, USERS);
  const target = { work: stage.root, port: stage.port, users, programRoot: stage.tree, shape: SHAPE };
  const load = await underLoad({ ...target, programRoot: join(import.meta.dirname, '../..') }, body);
  return { ...load, ledger: await countReferences(stage.layout, load.references) };
}

export async function endStage(stage: Stage): Promise<Ended> {
  const ended = await run(stage, ['down']);
  for (const name of ['supervisor', 'front', 'blue', 'green', 'database']) {
    const owner = livingOwner(join(stage.layout.run, `${name}.pid`));
    if (owner !== undefined) process.kill(owner.pid, 'SIGKILL');
  }
  rmSync(stage.root, { recursive: true, force: true, maxRetries: 5 });
  return ended;
}

/** The release that `ompay rollback` must go to: the newest that was live and is not now. */
export function releaseBefore({ layout }: Stage, live: string | null): string | null {
  return acceptedReleases(layout).find((id) => id !== live) ?? null;
}

function freePort(): Promise<number> {
  mkdirSync(tmpdir(), { recursive: true });
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
