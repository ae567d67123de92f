import { type Clock, isoTime } from '../../core/clock.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Of the fields used here; all of them are in it (elastic.co, Elastic Common Schema 8.11). */
const ECS_VERSION = '8.11.0';
/** Causes of causes are told this deep. */
const MOST_CAUSES = 5;

export interface ServiceIdentity {
  readonly name: 'ompay-api' | 'ompay-worker';
  readonly release: string;
  readonly environment: string;
}

/** What every line of a process says of it. */
export function serviceFields({ name, release, environment }: ServiceIdentity): Fields {
  return {
    'ecs.version': ECS_VERSION,
    'service.name': name,
    'service.version': release,
    'service.environment': environment,
    'event.dataset': 'ompay.api',
    'process.pid': process.pid,
  };
}

/** `err` becomes `error.*`; a name with a dot is ECS's own and stays; any other is ours, under `ompay.`. */
export function ecsFields(fields: Fields): Fields {
  const named: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'err') Object.assign(named, errorFields(value));
    else named[name.includes('.') ? name : `ompay.${name}`] = value;
  }
  return named;
}

/** A line without a logger, for what the logger's own sink has to say. */
export function plainLine(clock: Clock, identity: ServiceIdentity, message: string): string {
  const head = { 'log.level': 'warn', '@timestamp': isoTime(clock.now()) };
  return `${JSON.stringify({ ...head, ...serviceFields(identity), message })}\n`;
}

function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { 'error.message': scrub(String(error)) };
  return {
    'error.type': error.name,
    'error.message': scrub(error.message),
    'error.stack_trace': scrub(stackWithCauses(error)),
  };
}

function stackWithCauses(error: Error): string {
  const stacks: string[] = [];
  for (let each: unknown = error; each !== undefined && stacks.length <= MOST_CAUSES; each = causeOf(each)) {
    stacks.push(each instanceof Error ? String(each.stack) : String(each));
  }
  return stacks.join('\nCaused by: ');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** Databases put the offending value in their messages: phone numbers and long tokens are masked. */
export function scrub(text: string): string {
  return text
    .replace(/(?<!\d)(\+?221)?7[05678]\d{7}(?!\d)/g, '[telephone]')
    .replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, '[token]');
}
