import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { type Located, located } from '../core/yaml-lines.ts';
import type { Kind } from './kind.ts';
import { compileSchema } from './schema.ts';
import { CHECKLISTS, type Check, type Checklist, type Probe, type Words } from './types.ts';

/** Reads every checklist of the program. Throws `configInvalid` naming file, line and what is allowed there. */
export function readChecklists(programRoot: string, kinds: readonly Kind[]): readonly Checklist[] {
  const reader = { kinds, validate: shapeValidator() };
  const lists = CHECKLISTS.map((name) => readList(programRoot, name, reader));
  const ids = lists.flatMap((list) => list.checks.map(({ id }) => id));
  const double = ids.find((id, index) => ids.indexOf(id) !== index);
  if (double === undefined) return lists;
  throw invalid(
    join(programRoot, 'checklists'),
    `two checks are named ${JSON.stringify(double)}; an id is unique among all lists`,
  );
}

/** One list by its name. Throws as `readChecklists` does. */
export function readChecklist(programRoot: string, name: string, kinds: readonly Kind[]): Checklist {
  return readList(programRoot, name, { kinds, validate: shapeValidator() });
}

/** @param place names the file in errors. Throws `configInvalid` naming every fault with its line. */
export function parseChecklist(
  text: string,
  place: { readonly name: string; readonly path: string },
  kinds: readonly Kind[],
): Checklist {
  return parseList(text, place, { kinds, validate: shapeValidator() });
}

interface Reader {
  readonly kinds: readonly Kind[];
  /** Compiled once for several lists. */
  readonly validate: ValidateFunction<ChecklistFile>;
}

interface ChecklistFile {
  readonly title: Words;
  readonly checks: readonly Check[];
}

function readList(programRoot: string, name: string, reader: Reader): Checklist {
  const path = join(programRoot, 'checklists', `${name}.yml`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new OmpayError('configInvalid', `cannot read the checklist ${path} (${systemCodeOf(error)})`, {
      hint: 'take it from the repository again: git checkout -- checklists',
      cause: error,
    });
  }
  return parseList(text, { name, path }, reader);
}

function parseList(
  text: string,
  { name, path }: { readonly name: string; readonly path: string },
  { kinds, validate }: Reader,
): Checklist {
  const document = located(text);
  if (document.faults.length > 0) throw invalid(path, document.faults.join('; '));
  const { value } = document;
  if (!validate(value))
    throw invalid(path, (validate.errors ?? []).map((error) => faultOf(error, document, [])).join('; '));
  const faults = value.checks.flatMap((check, index) =>
    check.probes.flatMap((probe, position) =>
      probeFaults(probe, document, { kinds, path: ['checks', index, 'probes', position] }),
    ),
  );
  if (faults.length > 0) throw invalid(path, faults.join('; '));
  return { name, ...value };
}

type Path = readonly (string | number)[];

function probeFaults(
  probe: Probe,
  document: Located,
  { kinds, path }: { readonly kinds: readonly Kind[]; readonly path: Path },
): readonly string[] {
  const kind = kinds.find((each) => each.kind === probe.kind);
  if (kind !== undefined) return kind.problems(probe).map((error) => faultOf(error, document, path));
  const known = kinds.map((each) => each.kind).join(', ');
  return [
    `line ${document.lineAt([...path, 'kind'])}: no kind is named ${JSON.stringify(probe.kind)} (allowed: ${known})`,
  ];
}

/** `line 7: checks.0.severity is "hard" (allowed: block, warn)`. */
function faultOf(error: ErrorObject, document: Located, before: Path): string {
  const path: Path = [...before, ...error.instancePath.split('/').slice(1)];
  const place = path.join('.') || 'the file';
  const { additionalProperty, missingProperty, allowedValues, allowedValue } = error.params;
  if (typeof additionalProperty === 'string') {
    const allowed = Object.keys(error.parentSchema?.properties ?? {}).join(', ');
    const line = document.lineAt([...path, additionalProperty]);
    return `line ${line}: ${place} has an unknown key ${JSON.stringify(additionalProperty)} (allowed: ${allowed})`;
  }
  const at = `line ${document.lineAt(path)}: ${place}`;
  if (typeof missingProperty === 'string') return `${at} lacks the key ${JSON.stringify(missingProperty)}`;
  const allowed = Array.isArray(allowedValues) ? allowedValues.join(', ') : allowedValue;
  const seen = JSON.stringify(document.valueAt(path));
  return `${at} is ${seen} (allowed: ${allowed ?? error.message})`;
}

function invalid(path: string, what: string): OmpayError {
  return new OmpayError('configInvalid', `${path}: ${what}`, {
    hint: 'correct it; docs/checks.md shows every key, and `ompay check list` reads it again',
  });
}

const TEXT = { type: 'string', minLength: 1 } as const;
const WORDS = {
  type: 'object',
  properties: { fr: TEXT, en: TEXT },
  required: ['fr', 'en'],
  additionalProperties: false,
} as const;
const CHECK = {
  type: 'object',
  properties: {
    id: { type: 'string', pattern: '^[a-z][a-z0-9-]{1,39}$' },
    title: WORDS,
    why: WORDS,
    severity: { type: 'string', enum: ['block', 'warn'] },
    probes: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', properties: { kind: TEXT }, required: ['kind'] },
    },
  },
  required: ['id', 'title', 'why', 'severity', 'probes'],
  additionalProperties: false,
} as const;

/** Shape alone: the fields of a probe are its kind's own. */
function shapeValidator(): ValidateFunction<ChecklistFile> {
  return compileSchema<ChecklistFile>({
    type: 'object',
    properties: { title: WORDS, checks: { type: 'array', minItems: 1, items: CHECK } },
    required: ['title', 'checks'],
    additionalProperties: false,
  });
}
