import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hooked } from '../../src/cli/kit/hooks.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { localLayout } from '../../src/core/layout.ts';
import { Secret } from '../../src/core/secret.ts';
import { presentHooks } from '../../src/hooks/find.ts';
import { hookHandlers } from '../../src/hooks/run.ts';
import { localHost } from '../../src/host/local.ts';
import type { RunEvent } from '../../src/plan/event.ts';
import type { RunContext } from '../../src/plan/run.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const SECRET = new Secret('known-secret-of-ours');

/** An installation with these scripts, and a run in it. */
function installation(scripts: Readonly<Record<string, string>>, limitMs?: number) {
  const layout = localLayout(temporaryFolder());
  const folder = join(layout.state, 'hooks');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(folder, `${name}.mjs`), text);
  const events: RunEvent[] = [];
  const identity = { command: 'deploy', environment: 'local', run: 'RUN', by: 'me@here' };
  const kit = { layout, identity, secrets: [SECRET], ...(limitMs === undefined ? {} : { limitMs }) };
  const context: RunContext = {
    hosts: { local: localHost() },
    handlers: hookHandlers(kit),
    clock: systemClock,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
  };
  const deploy = (work: () => Promise<void>) =>
    hooked(
      context,
      { command: 'deploy', present: presentHooks(layout), handlers: () => ({}) },
      { port: 8080 },
      async () => {
        await work();
        return { exitCode: 0, summary: 'done', data: { release: 'r1' } };
      },
    );
  return { layout, folder, events, deploy, seen: join(layout.root, 'seen') };
}

test('hooks run around the work, with zx and the facts at hand', async () => {
  const write = `await $\`echo \${facts.hook} \${facts.release ?? 'none'} \${facts.environment} >>seen\`;`;
  const { deploy, seen } = installation({
    'pre-deploy': `const facts = JSON.parse(process.env.OMPAY_FACTS);\n${write}`,
    'post-deploy': `const facts = JSON.parse(await stdin());\n${write}`,
  });
  const result = await deploy(async () => writeFileSync(seen, `${readFileSync(seen, 'utf8')}work\n`));
  expect(result.exitCode).toBe(0);
  expect(readFileSync(seen, 'utf8')).toBe('pre-deploy none local\nwork\npost-deploy r1 local\n');
});

test('a failing pre-hook stops the operation before anything is done, and on-failure is told', async () => {
  const { deploy, seen } = installation({
    'pre-deploy': "console.error('the gate is closed'); process.exit(9);",
    'on-failure':
      "import { writeFileSync } from 'node:fs'; writeFileSync('seen', JSON.parse(process.env.OMPAY_FACTS).error.message); process.exit(1);",
  });
  let hasWorked = false;
  const error = await ompayErrorOf(() =>
    deploy(async () => {
      hasWorked = true;
    }),
  );
  expect(hasWorked).toBe(false);
  expect(error).toMatchObject({ code: 'checkBlocked', exitCode: 3 });
  expect(error.message).toContain('the hook pre-deploy exited 9: the gate is closed');
  expect(readFileSync(seen, 'utf8')).toBe(error.message);
});

test('on-failure cannot hide or change the error, also when it throws', async () => {
  const { deploy } = installation({ 'on-failure': "throw new Error('mine')" });
  const cause = new OmpayError('rolledBack', 'rolled back', { hint: 'ompay report' });
  await expect(deploy(() => Promise.reject(cause))).rejects.toBe(cause);
});

test('a failing post-hook changes nothing of the outcome, and is in the journal', async () => {
  const { deploy, events } = installation({ 'post-deploy': 'process.exit(3)' });
  expect(await deploy(async () => {})).toMatchObject({ exitCode: 0 });
  const done = events.find((event) => event.type === 'step-done');
  expect(done).toMatchObject({ step: 'post-deploy', output: { exitCode: 3, shown: 'failed: it exited 3' } });
});

test('what a hook writes is journalled without secrets, and bounded', async () => {
  const { deploy, events } = installation({
    'pre-deploy': `console.log('x'.repeat(100000)); console.log('it is ${SECRET.reveal()}, PIN: 4821, DB_PASSWORD=hunter22');`,
  });
  await deploy(async () => {});
  const journal = JSON.stringify(events);
  expect(journal).toContain('it is ***, PIN: ***');
  for (const hidden of [SECRET.reveal(), '4821', 'hunter22']) expect(journal).not.toContain(hidden);
  expect(journal.length).toBeLessThan(20_000);
});

test('a hook that does not end is ended', async () => {
  const { deploy } = installation({ 'pre-deploy': 'await sleep(3600_000)' }, 2000);
  const error = await ompayErrorOf(() => deploy(async () => {}));
  expect(error.code).toBe('timeout');
});

test('a misspelt hook, or one that others may write, is refused before anything begins', async () => {
  const misspelt = installation({ 'pre-delpoy': '' });
  const unknown = await ompayErrorOf(async () => presentHooks(misspelt.layout));
  expect(unknown.code).toBe('configInvalid');
  expect(unknown.message).toContain('pre-deploy');
  const open = installation({ 'pre-deploy': '' });
  chmodSync(join(open.folder, 'pre-deploy.mjs'), 0o666);
  const writable = await ompayErrorOf(async () => presentHooks(open.layout));
  expect(writable.message).toContain('could be changed by others');
  expect(existsSync(open.seen)).toBe(false);
});

test('shared files and an absent folder are no hooks', () => {
  const { layout } = installation({ _shared: '', 'on-failure': '' });
  expect(presentHooks(layout)).toEqual(['on-failure']);
  expect(presentHooks(localLayout(temporaryFolder()))).toEqual([]);
});
