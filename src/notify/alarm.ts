import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TeamSettings } from '../config/team.ts';
import { type Clock, isoTime } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { ulid } from '../core/ids.ts';
import { readJson } from '../core/json.ts';
import type { KeptMessage } from './kept.ts';
import type { TeamMessage } from './message.ts';
import { tellTeam } from './tell.ts';

/** Something that is well or is not, and that the team is told of when it changes. */
export interface Alarm {
  /** Also a file's name: a-z, 0-9 and `-`. */
  readonly name: string;
  readonly environment: string;
  readonly fr: AlarmWords;
  readonly en: AlarmWords;
}

export interface AlarmWords {
  readonly raised: string;
  readonly cleared: string;
}

export interface AlarmKit {
  readonly settings: TeamSettings;
  /** Where alarms that are raised are kept: `.ompay/alarms`. */
  readonly folder: string;
  /** Where messages are kept: `.ompay/reports`. */
  readonly messages: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

interface Raised {
  readonly since: string;
  readonly isTold: boolean;
}

/**
 * Tells the team that it is not well, once. A message that no channel took is told again the next time.
 * Undefined when it was told before. Throws as `tellTeam` does.
 */
export async function raiseAlarm(kit: AlarmKit, alarm: Alarm, why: string): Promise<KeptMessage | undefined> {
  const before = raisedAt(kit, alarm);
  if (before?.isTold === true) return undefined;
  const since = before?.since ?? isoTime(kit.clock.now());
  keepRaised(kit, alarm, { since, isTold: false });
  const told = await tell(kit, alarmMessage(alarm, { since, why, isRaised: true }, kit.clock.now()));
  keepRaised(kit, alarm, { since, isTold: told.state !== 'failed' });
  return told;
}

/** Tells the team that it is well again. Undefined when it was well before. */
export async function clearAlarm(kit: AlarmKit, alarm: Alarm): Promise<KeptMessage | undefined> {
  const before = raisedAt(kit, alarm);
  if (before === undefined) return undefined;
  const told = await tell(
    kit,
    alarmMessage(alarm, { since: before.since, why: '', isRaised: false }, kit.clock.now()),
  );
  if (told.state !== 'failed') rmSync(pathOf(kit, alarm), { force: true });
  return told;
}

interface Change {
  readonly since: string;
  readonly why: string;
  readonly isRaised: boolean;
}

/** Pure. In French, then the same in English. */
export function alarmMessage(
  { name, environment, fr, en }: Alarm,
  { since, why, isRaised }: Change,
  nowMs: number,
): TeamMessage {
  const [french, english] = isRaised ? [fr.raised, en.raised] : [fr.cleared, en.cleared];
  const reason = why === '' ? [] : ['', why];
  return {
    run: ulid(nowMs),
    subject: `OMPAY [${environment}] ${french} / ${english}`,
    text: [
      `${french}.`,
      `Depuis ${since}.`,
      ...reason,
      '',
      '---',
      '',
      `${english}.`,
      `Since ${since}.`,
      ...reason,
    ].join('\n'),
    facts: { environment, alarm: name, state: isRaised ? 'raised' : 'cleared', since, error: why || null },
  };
}

function tell({ settings, messages, clock, signal }: AlarmKit, message: TeamMessage): Promise<KeptMessage> {
  const cancel = signal === undefined ? {} : { signal };
  return tellTeam({ settings, message, folder: messages, clock, ...cancel });
}

function raisedAt(kit: AlarmKit, alarm: Alarm): Raised | undefined {
  const path = pathOf(kit, alarm);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw diskRefusal(error, path) ?? error;
  }
  const json = readJson(bytes, { what: path, code: 'stateUnusable', hint: `remove it: rm '${path}'` });
  return { since: json.text('since'), isTold: json.flag('isTold') };
}

function keepRaised(kit: AlarmKit, alarm: Alarm, raised: Raised): void {
  const path = pathOf(kit, alarm);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomic(path, `${JSON.stringify(raised)}\n`, 0o600);
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
}

function pathOf({ folder }: AlarmKit, { environment, name }: Alarm): string {
  return join(folder, environment, `${name}.json`);
}
