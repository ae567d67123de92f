import { OmpayError } from '../../core/errors.ts';
import { readLogLine } from '../../core/log-line.ts';
import { SERVER } from '../../core/server-layout.ts';
import { type Shell, sh } from '../../shell/line.ts';

export const LOG_SOURCES = ['slot', 'nginx', 'system'] as const;
export type LogSource = (typeof LOG_SOURCES)[number];

/** One line of one host. */
export interface HostLine {
  readonly host: string;
  /** The unit or program that wrote it. */
  readonly by: string;
  readonly timeMs: number;
  readonly text: string;
  /** Where to go on after it, for a journal. */
  readonly cursor: string | undefined;
}

export interface LogChoices {
  readonly source: LogSource;
  /** How many of the newest lines to begin with. */
  readonly lines: number;
  readonly sinceMs: number | undefined;
  readonly follows: boolean;
}

/** Of a reading that was broken off. */
export interface Resume {
  /** Of the newest line of the journal that was seen. */
  readonly cursor: string | undefined;
}

const NGINX_FILES = ['/var/log/nginx/ompay.log', '/var/log/nginx/ompay-error.log'];
const FIELDS = 'MESSAGE,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER';

/** What gives a source's lines on a host. @param after goes on there, once a connection was lost. */
export function logLine(choices: LogChoices, after: Resume | undefined): Shell {
  const { source, lines, follows } = choices;
  // After a loss nothing tells where to go on in a file: what is new from then on is shown.
  const count = after === undefined ? lines : 0;
  const tail = sh`tail -q -n ${count} ${follows ? ['-F'] : []}`;
  if (source === 'nginx') return sh`${tail} ${NGINX_FILES} 2>/dev/null`;
  if (source === 'system') return journal(choices, after, []);
  // The API writes to a file a day; what systemd says of its units, and what died without a word, is in the journal.
  const files = sh`$(ls -1t api-*.log | head -n 2 | tac)${follows ? sh` "api-$(date -u -d tomorrow +%F).log"` : sh``}`;
  return sh`${journal(choices, after, ['--unit=ompay-*'])} & cd ${SERVER.logs} && ${tail} ${files} 2>/dev/null & wait`;
}

function journal(
  { lines, follows, sinceMs }: LogChoices,
  after: Resume | undefined,
  units: readonly string[],
): Shell {
  const from =
    after?.cursor === undefined
      ? [
          `--lines=${after === undefined ? lines : 0}`,
          ...(sinceMs === undefined ? [] : [`--since=@${Math.floor(sinceMs / 1000)}`]),
        ]
      : [`--after-cursor=${after.cursor}`];
  const options = ['--quiet', '--no-pager', '--output=json', `--output-fields=${FIELDS}`];
  return sh`journalctl ${options} ${units} ${from} ${follows ? ['--follow'] : []}`;
}

/** @param nowMs for a line that tells no time. */
export function readHostLine(host: string, source: LogSource, line: string, nowMs: number): HostLine {
  if (source === 'nginx') return fileLine(host, 'nginx', line, nowMs);
  const fields = fieldsOf(line);
  return fields !== undefined && '__CURSOR' in fields
    ? journalLine(host, fields, nowMs)
    : fileLine(host, 'ompay-api', line, nowMs);
}

/** nginx tells its access as JSON, its errors after `2026/11/23 04:05:06 [error]`, in the host's time. */
function fileLine(host: string, by: string, text: string, nowMs: number): HostLine {
  const json = timeIn(text);
  const plain = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)/.exec(text);
  const error = plain === null ? Number.NaN : Date.parse(`${plain[1]}-${plain[2]}-${plain[3]}T${plain[4]}Z`);
  const timeMs = [json, error].find((each) => !Number.isNaN(each)) ?? nowMs;
  return { host, by, timeMs, text, cursor: undefined };
}

function timeIn(text: string): number {
  return Date.parse(/"@timestamp":"([^"]+)"/.exec(text)?.[1] ?? '');
}

/** systemd.journal-fields(7). A message of bytes that are no text comes as a list of numbers. */
function journalLine(host: string, fields: Readonly<Record<string, unknown>>, nowMs: number): HostLine {
  const text = messageIn(fields.MESSAGE);
  const written = Number(fields.__REALTIME_TIMESTAMP) / 1000;
  const own = readLogLine(text)?.timeMs ?? Number.NaN;
  const unit = fields._SYSTEMD_UNIT ?? fields.SYSLOG_IDENTIFIER ?? 'kernel';
  return {
    host,
    by: String(unit).replace(/\.service$/, ''),
    timeMs: [own, written].find((each) => Number.isFinite(each)) ?? nowMs,
    text,
    cursor: typeof fields.__CURSOR === 'string' ? fields.__CURSOR : undefined,
  };
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function messageIn(message: unknown): string {
  if (!Array.isArray(message)) return typeof message === 'string' ? message : '';
  return Buffer.from(message.map(Number)).toString('utf8');
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `2h`, `1d`, or a time of ISO 8601. Throws `usage`. */
export function sinceMsOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  const sinceMs = age === null ? Date.parse(text) : nowMs - Number(age[1]) * (UNIT_MS[age[2] ?? ''] ?? 0);
  if (!Number.isNaN(sinceMs) && sinceMs <= nowMs) return sinceMs;
  throw new OmpayError(
    'usage',
    `--since must be an age or a time that has been, seen ${JSON.stringify(text)}`,
    {
      hint: 'ompay logs -e staging --since 30m, or --since 2026-11-23T04:00:00Z',
    },
  );
}
