import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { localLayout } from '../../../src/core/layout.ts';
import { once } from '../../../src/core/once.ts';
import { sha256 } from '../../../src/deploy/bundle.ts';
import { shipHandlers } from '../../../src/deploy/ship/handlers.ts';
import { pruneStep, shipPlan, upgradePlan, verifyStep } from '../../../src/deploy/ship/plan.ts';
import { buildShippable } from '../../../src/deploy/ship/shippable.ts';
import type { AgentProgram, Shippable } from '../../../src/deploy/ship/types.ts';
import type { Host } from '../../../src/host/host.ts';
import { localHost } from '../../../src/host/local.ts';
import { openHost } from '../../../src/host/open.ts';
import type { Plan, Step } from '../../../src/plan/plan.ts';
import { type PlanOutcome, runPlan } from '../../../src/plan/run.ts';
import { type ServerFolder, serverFolder } from '../../fixtures/server-folder.ts';
import { testKey } from '../../fixtures/signed-release.ts';
import { SSHD_ABSENT, type SshServer, startSshd } from '../../fixtures/sshd.ts';

const PROGRAM_ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LIMIT_MS = 240_000;

/** A host that counts what is asked of it. */
interface CountedHost extends Host {
  readonly asked: () => number;
}

describe.skipIf(SSHD_ABSENT !== undefined)('over SSH', () => {
  let sshd: SshServer;
  let host: CountedHost;
  let work: string;
  let shippable: Shippable;
  const layout = () => localLayout(work);

  beforeAll(async () => {
    sshd = await startSshd();
    host = counted(await openHost({ kind: 'ssh', ...sshd.target() }));
    work = join(sshd.folder, 'operator');
    mkdirSync(layout().keys, { recursive: true });
    const kit = { layout: layout(), programRoot: PROGRAM_ROOT, version: '0.1.0', newestMigration: '0004' };
    shippable = await buildShippable(kit, localHost(), systemClock.now());
  }, LIMIT_MS);

  afterAll(async () => {
    await host.close();
    await sshd.stop();
  });

  const server = (): ServerFolder => serverFolder(readFileSync(join(layout().keys, 'release.pub'), 'utf8'));
  const run = async (root: string, plan: Plan, changed: Partial<Shippable> = {}): Promise<PlanOutcome> =>
    runPlan(plan, {
      hosts: { web1: host },
      handlers: shipHandlers({
        layout: layout(),
        root,
        environment: 'staging',
        shippable: once(async () => ({ ...shippable, ...changed })),
      }),
      clock: systemClock,
      emit: () => {},
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  const ship = async (root: string, changed: Partial<Shippable> = {}): Promise<PlanOutcome> =>
    run(root, shipPlan(['web1'], { ...shippable, ...changed }), changed);

  test(
    'everything arrives, verified; the second time one question is enough',
    async () => {
      const { root, places } = server();
      expect(await ship(root)).toMatchObject({ kind: 'done', outputs: { 'web1-release': { sent: true } } });
      const folder = join(places.releases, shippable.manifest.id);
      expect(readdirSync(folder).toSorted()).toEqual(
        [
          'api.mjs',
          'contract.mjs',
          'manifest.json',
          'manifest.sig',
          'node',
          'ops.mjs',
          'sbom.cdx.json',
        ].toSorted(),
      );
      expect(statSync(join(folder, 'api.mjs')).mode & 0o777).toBe(0o644);
      expect(statSync(folder).mode & 0o777).toBe(0o755);
      expect(readlinkSync(join(folder, 'node'))).toBe(`../../runtimes/${shippable.runtime.sha256}/node`);
      expect(readlinkSync(join(places.agents, 'current'))).toBe(shippable.agent.id);
      for (const place of [places.releases, places.agents, places.runtimes])
        expect(readdirSync(place).filter((name) => name.startsWith('.'))).toEqual([]);

      const before = host.asked();
      expect(await ship(root)).toMatchObject({ kind: 'done', outputs: { 'web1-release': { sent: false } } });
      expect(host.asked() - before).toBe(1);

      appendFileSync(join(folder, 'api.mjs'), '\n// changed');
      expect(await run(root, planOf(verifyStep('web1', shippable.manifest.id)))).toMatchObject({
        kind: 'failed',
        error: { code: 'releaseNotTrusted', message: expect.stringContaining('api.mjs') },
      });
      expect(await ship(root)).toMatchObject({
        kind: 'done',
        outputs: { 'web1-release': { sent: true, damage: expect.stringContaining('api.mjs') } },
      });
      expect(await run(root, planOf(verifyStep('web1', shippable.manifest.id)))).toMatchObject({
        kind: 'done',
      });

      mkdirSync(join(places.releases, 'unfinished'));
      expect(await run(root, planOf(pruneStep('web1', 5)))).toMatchObject({
        outputs: { 'web1-prune': { removed: ['unfinished'] } },
      });
      expect(existsSync(folder)).toBe(true);
    },
    LIMIT_MS,
  );

  test(
    'a host refuses a release that is signed by a key that it does not trust, and keeps nothing of it',
    async () => {
      const { root, places } = serverFolder(testKey().publicPem);
      expect(await ship(root)).toMatchObject({
        kind: 'failed',
        error: {
          code: 'releaseNotTrusted',
          message: expect.stringMatching(/web1 refuses release .* signed by none of the 1 keys/),
          hint: expect.stringContaining('ompay provision -e staging'),
        },
      });
      expect(readdirSync(places.releases)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'a release whose files are changed on the way is refused, and keeps nothing of it',
    async () => {
      const { root, places } = server();
      const files = shippable.files.map((file) =>
        file.path === 'ops.mjs' ? { ...file, content: Buffer.from('evil()') } : file,
      );
      expect(await ship(root, { files })).toMatchObject({
        kind: 'failed',
        error: { code: 'releaseNotTrusted', message: expect.stringContaining('ops.mjs') },
      });
      expect(readdirSync(places.releases)).toEqual([]);
      const agent = {
        ...shippable.agent,
        id: 'ffffffffffff',
        file: { ...shippable.agent.file, sha256: '0'.repeat(64) },
      };
      expect(await ship(root, { agent })).toMatchObject({
        error: {
          code: 'commandFailed',
          message: expect.stringMatching(/agent ffffffffffff did not arrive whole on web1/),
        },
      });
      expect(readdirSync(places.agents).toSorted()).toEqual([shippable.agent.id, 'current'].toSorted());
    },
    LIMIT_MS,
  );

  test(
    'a new agent that does not answer is not kept: the one before is in use again',
    async () => {
      const { root, places } = server();
      const current = (): string => readlinkSync(join(places.agents, 'current'));
      const upgrade = async (agent: AgentProgram): Promise<PlanOutcome> =>
        run(root, upgradePlan(['web1'], { ...shippable, agent }), { agent });
      expect(await upgrade(shippable.agent)).toMatchObject({ kind: 'done' });
      expect(current()).toBe(shippable.agent.id);
      const content = Buffer.from('process.exit(9);');
      const file = { path: 'agent.mjs', content, sha256: sha256(content) };
      expect(await upgrade({ ...shippable.agent, id: 'eeeeeeeeeeee', file })).toMatchObject({
        kind: 'failed',
        undoFailed: [],
        error: { code: 'commandFailed', hint: 'ompay self-upgrade -e staging' },
      });
      expect(current()).toBe(shippable.agent.id);
    },
    LIMIT_MS,
  );

  test('a host that is not provisioned, or of another kind, is refused before anything is sent', async () => {
    const { root, places } = server();
    const runtime = { ...shippable.runtime, platform: 'linux-arm64' };
    expect(await ship(root, { runtime })).toMatchObject({
      error: { code: 'preflightFailed', message: expect.stringContaining('web1 is x86_64') },
    });
    const large = { ...shippable.runtime, sizeBytes: Number.MAX_SAFE_INTEGER };
    expect(await ship(root, { runtime: large })).toMatchObject({
      error: { code: 'preflightFailed', message: expect.stringMatching(/web1 has .* free under/) },
    });
    rmSync(places.runtimes, { recursive: true });
    expect(await ship(root)).toMatchObject({
      error: { code: 'preflightFailed', hint: expect.stringContaining('ompay provision -e staging') },
    });
    expect(readdirSync(places.releases)).toEqual([]);
  });

  test(
    'a runtime that is cut short on the way is not used, and what killed uploads left goes with the next',
    async () => {
      const { root, places } = server();
      writeFileSync(join(layout().runtimes, `${shippable.runtime.sha256}.gz`), 'no gzip');
      const leftover = join(places.runtimes, '.0123.part');
      mkdirSync(leftover);
      utimesSync(leftover, 1_700_000_000, 1_700_000_000);
      expect(await ship(root)).toMatchObject({
        error: { code: 'commandFailed', message: expect.stringMatching(/Node .* did not arrive whole/) },
      });
      expect(readdirSync(places.runtimes)).toEqual([]);
      rmSync(join(layout().runtimes, `${shippable.runtime.sha256}.gz`));
    },
    LIMIT_MS,
  );
});

function planOf(step: Step): Plan {
  return { name: 'one', title: 'One step', stages: [{ title: 'One', steps: [step] }] };
}

function counted(host: Host): CountedHost {
  let asked = 0;
  const count = <Work>(work: Work): Work => {
    asked += 1;
    return work;
  };
  return {
    ...host,
    asked: () => asked,
    exec: async (line, options) => count(host).exec(line, options),
    put: async (content, path, mode) => count(host).put(content, path, mode),
  };
}
