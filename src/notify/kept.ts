import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { readJson } from '../core/json.ts';
import type { ChannelAnswer, TeamMessage } from './message.ts';

/**
 * `.ompay/reports/RUN-message.json`: what the team was told, and how each channel answered. `delivered`: at least one
 * channel took it; `notConfigured`: there is none; `pending`: the run was killed while it told them.
 */
export interface KeptMessage extends TeamMessage {
  readonly kind: 'ompay-message';
  readonly schema: 1;
  readonly at: string;
  readonly state: MessageState;
  readonly channels: readonly ChannelAnswer[];
}

export type MessageState = 'delivered' | 'failed' | 'pending' | 'notConfigured';

/** Writes it (0600, whole or not at all). Throws `stateUnusable` when the disk refuses. */
export function keepMessage(
  folder: string,
  told: {
    readonly message: TeamMessage;
    readonly nowMs: number;
    readonly channels: readonly ChannelAnswer[];
  },
): KeptMessage {
  const { message, nowMs, channels } = told;
  const kept: KeptMessage = {
    kind: 'ompay-message',
    schema: 1,
    ...message,
    at: isoTime(nowMs),
    state: stateOf(channels),
    channels,
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileAtomic(pathOf(folder, message.run), `${JSON.stringify(kept, null, 2)}\n`, 0o600);
  } catch (error) {
    throw diskRefusal(error, folder) ?? error;
  }
  return kept;
}

function stateOf(channels: readonly ChannelAnswer[]): MessageState {
  if (channels.length === 0) return 'notConfigured';
  const states = channels.map(({ state }) => state);
  if (states.includes('delivered')) return 'delivered';
  return states.includes('pending') ? 'pending' : 'failed';
}

/** What a check needs of it; null when the team was not told of this run. Throws `stateUnusable` for a damaged file. */
export function readKeptMessage(
  folder: string,
  run: string,
): { readonly state: string; readonly at: string; readonly subject: string } | null {
  const path = pathOf(folder, run);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw diskRefusal(error, path) ?? error;
  }
  const kept = readJson(bytes, {
    what: path,
    code: 'stateUnusable',
    hint: `tell the team again: ompay report ${run} --tell`,
  });
  return { state: kept.text('state'), at: kept.text('at'), subject: kept.text('subject') };
}

function pathOf(folder: string, run: string): string {
  return join(folder, `${run}-message.json`);
}
