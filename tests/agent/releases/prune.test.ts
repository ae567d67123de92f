import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { releaseCommand } from '../../../src/agent/releases/commands.ts';
import { takeInventory } from '../../../src/agent/releases/inventory.ts';
import { prune, whatToPrune } from '../../../src/agent/releases/prune.ts';
import { serverFolder } from '../../fixtures/server-folder.ts';
import { testKey, writeRelease } from '../../fixtures/signed-release.ts';

/** Six releases, the newest last, on two runtimes; three agents. */
function fullServer() {
  const key = testKey();
  const server = serverFolder(key.publicPem);
  const { places } = server;
  const ids = [1, 2, 3, 4, 5, 6].map((day) => {
    const contents = { 'api.mjs': `serve(${day})` };
    const runtime = day === 1 ? 'an old runtime' : 'a runtime';
    return writeRelease(places, { contents, key, runtime, builtAt: `2026-11-0${day}T00:00:00.000Z` }).id;
  });
  for (const id of ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc']) {
    mkdirSync(join(places.agents, id));
    const runtime = takeInventory(places).releases[0]?.runtime.sha256;
    symlinkSync(`../../runtimes/${runtime}/node`, join(places.agents, id, 'node'));
  }
  symlinkSync('bbbbbbbbbbbb', join(places.agents, 'current'));
  return { ...server, ids };
}

test('the newest stay, and what a slot links to, and what was accepted', () => {
  const { places, ids } = fullServer();
  symlinkSync(`../releases/${ids[0]}`, join(places.slots, 'blue'));
  writeFileSync(places.accepted, JSON.stringify([ids[1]]));
  const gone = prune(places, 2);
  expect(gone.releases.toSorted()).toEqual([ids[2], ids[3]].toSorted());
  expect(readdirSync(places.releases).toSorted()).toEqual([ids[0], ids[1], ids[4], ids[5]].toSorted());
  expect(gone.runtimes).toEqual([]);
});

test('a runtime goes with the last release that needs it, and what was never finished goes', () => {
  const { places, ids } = fullServer();
  mkdirSync(join(places.releases, 'half'));
  const gone = prune(places, 5);
  expect(gone.releases).toEqual([ids[0], 'half']);
  expect(gone.runtimes).toHaveLength(1);
  expect(readdirSync(places.runtimes)).toHaveLength(1);
  expect(prune(places, 5)).toEqual({ releases: [], agents: [], runtimes: [] });
});

test('the agent in use stays, and the newest two', () => {
  const { places } = fullServer();
  const agesDays = { aaaaaaaaaaaa: 3, bbbbbbbbbbbb: 9, cccccccccccc: 5, dddddddddddd: 7 };
  mkdirSync(join(places.agents, 'dddddddddddd'));
  for (const [id, days] of Object.entries(agesDays)) {
    const epochSeconds = 1_800_000_000 - days * 86_400;
    utimesSync(join(places.agents, id), epochSeconds, epochSeconds);
  }
  const inventory = takeInventory(places);
  expect(inventory.agent).toBe('bbbbbbbbbbbb');
  expect(whatToPrune(inventory, 5).agents).toEqual(['dddddddddddd']);
});

test('the commands of the agent take a root, and refuse what is no name', () => {
  const { root, ids } = fullServer();
  expect(releaseCommand('verify', ['--root', root, ids[5] ?? ''])).toMatchObject({
    release: ids[5],
    files: 1,
  });
  expect(releaseCommand('inventory', ['--root', root])).toMatchObject({ live: null, accepted: [] });
  expect(releaseCommand('prune', ['--root', root, '6'])).toMatchObject({ releases: [] });
  expect(releaseCommand('dance', [])).toBeUndefined();
  for (const words of [['../x'], ['..'], [''], ['a', '../b']])
    expect(() => releaseCommand('verify', words)).toThrow('does not know what');
  expect(() => releaseCommand('prune', ['0'])).toThrow('does not know what');
  expect(existsSync(join(root, 'opt/ompay/releases', ids[5] ?? ''))).toBe(true);
});
