import { isoTime } from '../core/clock.ts';
import { readLogLine } from '../core/log-line.ts';
import { paint } from './render.ts';

/** The API writes JSON for machines; a person reads time, level, message, then the rest. Other lines stay as they are. */
export function readableLine(line: string): string {
  const read = readLogLine(line);
  if (read === undefined) return line;
  const { timeMs, severity, message, fields } = read;
  const { [STACK]: stack, ...rest } = fields;
  const when = Number.isNaN(timeMs) ? '' : isoTime(timeMs);
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${shownValue(name, value)}`);
  const shown = `${when} ${SEVERITIES[severity]()} ${message} ${paint.faint(pairs.join(' '))}`.trimEnd();
  return typeof stack === 'string' ? `${shown}\n${paint.faint(stack)}` : shown;
}

const STACK = 'error.stack_trace';
const NS_PER_MS = 1e6;

const SEVERITIES = {
  info: () => 'INFO ',
  warn: () => paint.warn('WARN '),
  error: () => paint.bad('ERROR'),
} as const;

function shownValue(name: string, value: unknown): string {
  if (name === 'event.duration') return `${(Number(value) / NS_PER_MS).toFixed(1)}ms`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
