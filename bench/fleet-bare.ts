import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { changesIn, SITE, type TestFleet, testFleet } from '../tests/fixtures/fleet.ts';
import { drift, leftOf } from '../tests/fixtures/fleet-drifts.ts';
import type { Ended } from '../tests/fixtures/lab.ts';
import { drawn } from '../tests/fixtures/provision-drifts.ts';
import { askSite } from './fleet/site.ts';

/**
 * From bare hosts to an API that answers on HTTPS: what each of the two commands takes, and what a second provisioning changes.
 * Makes a lab of its own, as root, and removes it.
 *
 * `node bench/fleet-bare.ts --hosts lb,web1,web2,db1=sid,redis1 --drifts 20`
 * `node bench/fleet-bare.ts --hosts lb,web1,db1,redis1 --distribution trixie --database pgsql`
 * `node bench/fleet-bare.ts --again 0 --then 'node bench/fleet-scale.ts --folder "$FLEET_FOLDER" …'`: other measurements on the
 * same fleet, which find `FLEET_FOLDER`, `FLEET_FRONT` (an address) and the key of its secrets in their environment.
 */
const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: 'lb,web1,web2,db1=sid,redis1' },
    distribution: { type: 'string', default: 'bookworm' },
    database: { type: 'string', default: 'mysql' },
    drifts: { type: 'string', default: '0' },
    again: { type: 'string', default: '3' },
    // biome-ignore lint/suspicious/noThenProperty: a word of the command line
    then: { type: 'string' },
  },
});
const connection = (['mysql', 'mariadb', 'pgsql'] as const).find((name) => name === values.database);
if (connection === undefined) throw new RangeError('--database is mysql, mariadb or pgsql');
const { hosts, distribution } = values;
const front = hosts.split(',').includes('lb') ? 'lb' : 'web1';

const backup =
  hosts
    .split(',')
    .find((host) => /^db/.test(host))
    ?.replace(/=.*/, '') ?? front;

const fleet = await testFleet({ hosts, distribution, connection, front, backup });
try {
  timed(fleet, 'provision, from bare', ['provision']);
  timed(fleet, 'deploy', ['deploy']);
  const { statusCode, body } = await askSite(fleet.site(), '/health');
  process.stdout.write(`https://${SITE}/health: ${statusCode} ${body.trim()}\n`);
  for (let time = 0; time < Number(values.again); time += 1) again(fleet, 'provision again');
  if (Number(values.drifts) > 0) mend(fleet, Number(values.drifts));
  if (values.then !== undefined)
    spawnSync('sh', ['-c', values.then], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, FLEET_FOLDER: fleet.lab.root, FLEET_FRONT: fleet.address(front) },
    });
} finally {
  fleet.end();
}

function timed(on: TestFleet, what: string, words: readonly string[], exitCode = 0): Ended {
  const startedMs = performance.now();
  const done = on.lab.ompay(...words, '-e', 'lab');
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (done.exitCode !== exitCode)
    throw new Error(`${what}: exit ${done.exitCode}: ${done.stderr}${done.stdout.slice(-2000)}`);
  process.stdout.write(`${what}: ${seconds} s\n`);
  return done;
}

function again(on: TestFleet, what: string): void {
  const changed = Object.values(changesIn(timed(on, what, ['provision']).stdout)).flatMap(
    (host) => host.changed,
  );
  process.stdout.write(`  ${changed.length} changes ${changed.join(', ')}\n`);
}

function mend(on: TestFleet, count: number): void {
  const seed = randomInt(2 ** 31);
  const drifts = drawn(count, seed);
  const notMade = drift(on, drifts);
  timed(
    on,
    `${drifts.length} drifts of a web host and those of its data are found (seed ${seed})`,
    ['provision', '--detect-drift'],
    8,
  );
  timed(on, 'mended', ['provision']);
  process.stdout.write(
    `  not made: ${notMade.trim() || 'none'}; left: ${leftOf(on, drifts).join(', ') || 'none'}\n`,
  );
  again(on, 'provision after that');
}
