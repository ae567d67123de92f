import { parseArgs } from 'node:util';
import { messageOf, OmpayError } from './errors.ts';

/**
 * Reads the options of a process entry, `--name value` each, all required; returns what gives the value of a name.
 * Throws OmpayError `usage` that names what is missing or unknown.
 */
export function requiredOptions<Name extends string>(
  names: readonly Name[],
  argv: readonly string[],
): (name: Name) => string {
  const values = new Map(Object.entries(parsed(names, argv)));
  const missing = names.filter((name) => typeof values.get(name) !== 'string');
  if (missing.length > 0) throw unusable(names, `missing ${missing.map((name) => `--${name}`).join(', ')}`);
  return (name) => String(values.get(name));
}

function parsed(names: readonly string[], argv: readonly string[]): Record<string, unknown> {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw unusable(names, messageOf(error));
  }
}

function unusable(names: readonly string[], what: string): OmpayError {
  return new OmpayError('usage', what, { hint: `give ${names.map((name) => `--${name} VALUE`).join(' ')}` });
}
