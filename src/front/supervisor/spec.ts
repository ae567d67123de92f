import { readFileSync } from 'node:fs';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';

/** In the order of starting; stopping goes the other way round. */
export const SERVICE_NAMES = ['database', 'blue', 'green', 'front'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** One process that is to run, whatever happens to it. Plain data; holds no secret (those are in `environmentFile`). */
export interface ServiceSpec {
  readonly name: ServiceName;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** A file of NAME=value lines, 0600, read at each start. */
  readonly environmentFile: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** From SIGTERM to SIGKILL, milliseconds. */
  readonly stopTimeoutMs: number;
}

export function isServiceName(value: string): value is ServiceName {
  return SERVICE_NAMES.some((name) => name === value);
}

/** The specs to keep running. Throws `stateUnusable` when the file is not what this program wrote. */
export function readSpecs(path: string): ServiceSpec[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  const specs = parseSpecs(text);
  if (specs !== undefined) return specs;
  throw new OmpayError('stateUnusable', `${path} does not hold a list of services`, {
    hint: `remove it and deploy again: rm '${path}' && ompay deploy`,
  });
}

function parseSpecs(text: string): ServiceSpec[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (
      typeof value !== 'object' ||
      value === null ||
      !('services' in value) ||
      !Array.isArray(value.services)
    )
      return undefined;
    const services: readonly unknown[] = value.services;
    const specs = services.filter(isServiceSpec);
    return specs.length === services.length ? specs : undefined;
  } catch {
    return undefined;
  }
}

export function writeSpecs(path: string, specs: readonly ServiceSpec[]): void {
  writeFileAtomic(path, `${JSON.stringify({ version: 1, services: specs }, null, 2)}\n`, 0o600);
}

export function isServiceSpec(value: unknown): value is ServiceSpec {
  if (typeof value !== 'object' || value === null) return false;
  const record: Readonly<Record<string, unknown>> = { ...value };
  return (
    typeof record.name === 'string' &&
    isServiceName(record.name) &&
    ['command', 'cwd', 'logFile'].every((key) => typeof record[key] === 'string') &&
    Array.isArray(record.args) &&
    record.args.every((arg) => typeof arg === 'string') &&
    (record.environmentFile === null || typeof record.environmentFile === 'string') &&
    isTextRecord(record.environment) &&
    typeof record.stopTimeoutMs === 'number'
  );
}

function isTextRecord(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}
