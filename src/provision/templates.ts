import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../templates');

/** A file of `templates/` with its `@NAME@` filled in. Throws for one that is unknown or left over: a half-filled file never reaches a host. */
export function template(path: string, values: Readonly<Record<string, string>> = {}): string {
  const used = new Set<string>();
  const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/@([A-Z_]+)@/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`templates/${path} asks for ${name}`);
    used.add(name);
    return value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new RangeError(`templates/${path} does not ask for ${unused.join(', ')}`);
  return text;
}
