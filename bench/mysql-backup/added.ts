import { say } from './place.ts';
import { megabytes, missedBar, type Part, seconds, table } from './report.ts';
import { numberIn } from './site.ts';
import type { Stage } from './stage.ts';

const ADDED_BAR_MS = 10_000;
const MEMORY_BAR_MB = 250;

/** What starting and proving adds to a backup, and, of a second one that is not timed, the memory of the whole command. */
export async function measureAdded({
  site,
  created,
  tableBytes,
  dataBytes,
  transfers,
}: Stage): Promise<Part> {
  const [captureMs, startMs, proveMs] = ['captureMs', 'startMs', 'proveMs'].map((name) =>
    numberIn(created, name),
  );
  const addedMs = (startMs ?? 0) + (proveMs ?? 0);
  say('ompay backup create, watched');
  const { totalMb, programMb, mysqldMb, samples } = await site.watch('backup', 'create');
  const rows = [
    ['`ompay backup create`, whole process', seconds(created.wallMs)],
    [
      'of it: CLONE, first start of the clone, compressing, encrypting, into two copies',
      seconds(captureMs ?? 0),
    ],
    ['start of the proven copy', seconds(startMs ?? 0)],
    ['its ledger, every question', seconds(proveMs ?? 0)],
    ['start and proof together (bar 10 s)', seconds(addedMs)],
    ['stored, each copy', megabytes(numberIn(created, 'sizeBytes'))],
    [
      `peak memory, the command and what it starts (PSS, ${samples} samples; bar 250 MB)`,
      `${Math.round(totalMb)} MB`,
    ],
    ['of the command itself, at its worst', `${Math.round(programMb)} MB`],
    ['of mysqld that it starts, at its worst', `${Math.round(mysqldMb)} MB`],
  ];
  return {
    title: 'What starting and proving adds to a backup',
    lines: [
      `${megabytes(tableBytes)} of tables (${transfers.toLocaleString('en')} transfers, the rest filler) in a data folder of ${megabytes(dataBytes)}.`,
      '',
      ...table(['what', 'seen'], rows),
    ],
    missed: [
      ...missedBar('milliseconds to start and prove', addedMs, ADDED_BAR_MS),
      ...missedBar('MB of memory at the peak', totalMb, MEMORY_BAR_MB),
    ],
  };
}
