import { isJsonObject, type Json, type JsonObject } from '../plan/plan.ts';

/**
 * Fields of evidence, read with tolerance: another version of the program may have written it, and a report that
 * says "not told" is worth more than none.
 */
export function objectIn(value: Json | undefined): JsonObject | null {
  return isJsonObject(value) ? value : null;
}

export function textIn(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function numberIn(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function listIn(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

export function textsIn(value: Json | undefined): string[] {
  return listIn(value).filter((item) => typeof item === 'string');
}

/** One of the choices, or null. */
export function choiceIn<const C extends string>(value: Json | undefined, choices: readonly C[]): C | null {
  return choices.find((choice) => choice === value) ?? null;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
