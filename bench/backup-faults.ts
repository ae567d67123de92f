import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FaultTally, injectFaults } from '../tests/fixtures/backup-faults.ts';

/**
 * Damages copies of backups in every way that a disk, a network or a person does, and asks verify what it sees:
 * `node bench/backup-faults.ts --backups 50 --faults 240`. Exit 1 when a damaged copy is told good, or a good one damaged.
 */
const { values } = parseArgs({
  options: {
    backups: { type: 'string', default: '50' },
    faults: { type: 'string', default: '240' },
    seed: { type: 'string', default: '1' },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'ompay-faults-'));
try {
  const tallies = await injectFaults(folder, {
    backups: Number(values.backups),
    faults: Number(values.faults),
    seed: Number(values.seed),
  });
  process.stdout.write(shown(tallies));
  const isRight = tallies.every(({ missed, falseAlarms }) => missed === 0 && falseAlarms === 0);
  process.exitCode = isRight ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function shown(tallies: readonly FaultTally[]): string {
  const rows = tallies.map(
    ({ fault, injected, found, missed, looksAtGood, falseAlarms }) =>
      `| ${fault} | ${injected} | ${found} | ${missed} | ${looksAtGood} | ${falseAlarms} |\n`,
  );
  const sum = (of: (tally: FaultTally) => number): number =>
    tallies.reduce((total, each) => total + of(each), 0);
  return [
    '| fault | injected | found | missed | looks at good copies | false alarms |\n|---|---:|---:|---:|---:|---:|\n',
    ...rows,
    `| all | ${sum((each) => each.injected)} | ${sum((each) => each.found)} | ${sum((each) => each.missed)} | ${sum((each) => each.looksAtGood)} | ${sum((each) => each.falseAlarms)} |\n`,
  ].join('');
}
