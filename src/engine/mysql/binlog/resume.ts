import { join } from 'node:path';
import { differenceOf, type GtidSet, gtidSetText, NO_GTIDS } from '../gtid-set.ts';
import { type EpochFolder, listEpochs } from './epochs.ts';
import { MAGIC } from './event.ts';
import { gtidsAfter, type SegmentScan, scanSegment } from './segment.ts';
import type { LogSource } from './source.ts';

/** Where receiving goes on. */
export type Resumption =
  | {
      readonly kind: 'same';
      readonly epoch: EpochFolder;
      readonly file: string;
      readonly position: number;
      /** Of the file when it is here; undefined when it is to be made. */
      readonly scan: SegmentScan | undefined;
      readonly received: GtidSet;
    }
  | {
      readonly kind: 'anew';
      readonly reason: string;
      readonly file: string;
      readonly missing: string;
      readonly received: GtidSet;
    };

/**
 * Judges what is on disk against what the server has now. A transaction that is here need not count as executed there
 * yet: a semi-synchronous commit waits for our acknowledgement. So names and sizes are compared, and the stream then
 * compares bytes; only when the server refused to send from that place (`wasRefused`), what it executed decides.
 */
export async function planResumption(
  root: string,
  source: LogSource,
  wasRefused: boolean,
): Promise<Resumption> {
  const epoch = (await listEpochs(root)).at(-1);
  const name = epoch?.segments.at(-1);
  if (epoch === undefined) return anew(source, NO_GTIDS, 'it is the first');
  if (epoch.serverUuid !== source.serverUuid) {
    return anew(source, NO_GTIDS, `the server is another one than ${epoch.serverUuid}`);
  }
  if (name === undefined) return atOldest(epoch, source);
  const scan = await scanSegment(join(epoch.folder, name));
  const received = gtidsAfter(scan);
  const lost = differenceOf(received, source.executed);
  if (wasRefused && lost.size > 0) {
    return anew(
      source,
      received,
      `the server no longer knows ${gtidSetText(lost)}: it was reset or lost its end`,
    );
  }
  const place = { kind: 'same', epoch, received } as const;
  const file = source.files.find((each) => each.name === name);
  if (file !== undefined && file.sizeBytes >= scan.validBytes) {
    return { ...place, file: name, position: scan.lastStart, scan };
  }
  const next = source.files.find((each) => scan.isClosed && each.name === scan.next);
  if (file === undefined && next !== undefined) {
    return { ...place, file: next.name, position: MAGIC.length, scan: undefined };
  }
  const reason =
    file === undefined ? `the server has thrown ${name} away` : `the server's ${name} is shorter`;
  return anew(source, received, reason);
}

/** After bytes that differ, with all that was received before. */
export async function planAnew(root: string, source: LogSource, reason: string): Promise<Resumption> {
  const epoch = (await listEpochs(root)).at(-1);
  const name = epoch?.segments.at(-1);
  const isNothing = epoch === undefined || name === undefined;
  const received = isNothing ? NO_GTIDS : gtidsAfter(await scanSegment(join(epoch.folder, name)));
  return anew(source, received, reason);
}

function anew(source: LogSource, received: GtidSet, reason: string): Resumption {
  const missing = gtidSetText(differenceOf(source.purged, received));
  return { kind: 'anew', reason, file: source.files[0]?.name ?? '', missing, received };
}

function atOldest(epoch: EpochFolder, source: LogSource): Resumption {
  const file = source.files[0]?.name ?? '';
  return { kind: 'same', epoch, file, position: MAGIC.length, scan: undefined, received: NO_GTIDS };
}
