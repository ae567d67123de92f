import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../../core/clock.ts';
import { systemCodeOf } from '../../core/errors.ts';
import { readJson } from '../../core/json.ts';
import type { Layout } from '../../core/layout.ts';
import {
  countOf,
  differenceOf,
  type GtidSet,
  gtidSetText,
  parseGtidSet,
} from '../../engine/mysql/gtid-set.ts';
import type { ServerLook } from './look.ts';

/** A proven data folder on its way to the place of an environment's MySQL, on this machine. Plain data. */
export interface Promotion {
  readonly environment: string;
  /** systemd's name of the server. */
  readonly unit: string;
  /** The server's own. It and the next two are siblings, so that each move is one rename. */
  readonly dataFolder: string;
  /** Where the one that is there now goes, and stays. */
  readonly aside: string;
  readonly proven: string;
  /** Whether the server answered before; one that did not is not started again when it is put back. */
  readonly wasServing: boolean;
  /** GTIDs that the server had when the promotion was confirmed. */
  readonly committed: string;
  /** GTIDs that the proven folder holds. */
  readonly gtids: string;
}

export interface PromotionInput {
  readonly environment: string;
  readonly unit: string;
  readonly proven: string;
  readonly gtids: GtidSet;
  /** Names the folder that the old one becomes. */
  readonly nowMs: number;
}

/** What is to be exchanged, as the server was seen just now. */
export function promotionOf(
  { environment, unit, proven, gtids, nowMs }: PromotionInput,
  { dataFolder, wasServing, committed }: ServerLook,
): Promotion {
  const stamp = isoTime(nowMs).replaceAll(/[-:]|\.\d+/g, '');
  const aside = `${dataFolder}.before-${stamp}`;
  const sets = { committed: gtidSetText(committed), gtids: gtidSetText(gtids) };
  return { environment, unit, dataFolder, aside, proven, wasServing, ...sets };
}

/** The old database's transactions that the restored one has not. */
export function givenUp({ committed, gtids }: Promotion): { readonly count: number; readonly text: string } {
  const lost = differenceOf(parseGtidSet(committed), parseGtidSet(gtids));
  return { count: countOf(lost), text: gtidSetText(lost) };
}

/** What is kept of a promotion while it is under way, so that one that was killed comes to an end. */
export interface PromotionRecord extends Promotion {
  /** From then on it is ended by going forward: clients may write into the restored database. */
  readonly isDecided: boolean;
}

/** One an environment. */
export function promotionPath({ state }: Pick<Layout, 'state'>, environment: string): string {
  return join(state, `promotion-${environment}.json`);
}

export function promotionText(record: PromotionRecord): string {
  return `${JSON.stringify({ version: 1, ...record }, null, 2)}\n`;
}

/** The promotion that was begun and not ended; undefined when there is none. Throws `stateUnusable`. */
export function readPromotion(path: string): PromotionRecord | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const json = readJson(bytes, {
    what: path,
    code: 'stateUnusable',
    hint: 'look at the data folder and its siblings: docs/mysql-backup.md ("In place of the old one")',
  });
  return {
    environment: json.text('environment'),
    unit: json.text('unit'),
    dataFolder: json.text('dataFolder'),
    aside: json.text('aside'),
    proven: json.text('proven'),
    wasServing: json.flag('wasServing'),
    committed: json.text('committed'),
    gtids: json.text('gtids'),
    isDecided: json.flag('isDecided'),
  };
}
