/** A line of the API's log, in the fields of the Elastic Common Schema. */
export interface LogLine {
  /** Milliseconds since the epoch; NaN when the line tells none. */
  readonly timeMs: number;
  readonly severity: 'info' | 'warn' | 'error';
  readonly message: string;
  /** The message of the error that it tells of. */
  readonly error: string | undefined;
  /** Everything else that differs from line to line. */
  readonly fields: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Said by every line of a process. */
const SAME_FOR_ALL = /^(ecs\.|service\.|process\.|event\.dataset$)/;

/**
 * Undefined for what is no such line: other programs' words, or JSON of which an end is missing. Releases from before
 * the schema wrote pino's own names, and may still be in the other slot.
 */
export function readLogLine(line: string): LogLine | undefined {
  const fields = fieldsOf(line);
  if (fields === undefined) return undefined;
  if ('message' in fields) return schemaLine(fields);
  return 'msg' in fields ? pinoLine(fields) : undefined;
}

function fieldsOf(line: string): Fields | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function schemaLine(fields: Fields): LogLine {
  const { '@timestamp': time, 'log.level': level, message, ...rest } = fields;
  const own = Object.entries(rest).filter(([name]) => !SAME_FOR_ALL.test(name));
  return {
    timeMs: Date.parse(String(time)),
    severity: severityOf(String(level)),
    message: String(message),
    error: textOf(rest['error.message']),
    fields: Object.fromEntries(own),
  };
}

function severityOf(level: string): LogLine['severity'] {
  if (level === 'error' || level === 'fatal') return 'error';
  return level === 'warn' ? 'warn' : 'info';
}

/** pino's numbers (getpino.io, levels): 40 warn, 50 error, 60 fatal. */
function pinoLine({ time, level, msg, pid: _pid, ...fields }: Fields): LogLine {
  const number = Number(level);
  return {
    timeMs: Number(time),
    severity: number >= 50 ? 'error' : number >= 40 ? 'warn' : 'info',
    message: String(msg),
    error: textOf(objectOf(fields.err).message),
    fields,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
