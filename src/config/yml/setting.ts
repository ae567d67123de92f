import { choiceKey, flagKey, integerKey, type Key, mailAddressKey, textKey, urlKey } from '../key.ts';

/** How a value is written in YAML. A number in quotes is text, and text is not a number. */
export type ValueType = 'text' | 'number' | 'flag' | 'list';

/** One key of ompay.yml: what it means, what it may be, and which variable of the API's environment it sets. */
export interface Setting<T> {
  /** `hosts.*.address`, below an environment; `*` stands for a name that the file chooses. */
  readonly path: string;
  readonly type: ValueType;
  /** Judges the value as text, each item's for a list. */
  readonly key: Key<T>;
  /** The name in docs/config.md, null when the API is not told. */
  readonly variable: string | null;
}

interface Description {
  readonly doc: string;
  readonly unit?: string;
  readonly fallback?: string;
}

export function textSetting(path: string, description: Description): Setting<string> {
  return { path, type: 'text', key: textKey(path, description), variable: null };
}

export function urlSetting(path: string, description: Description): Setting<string> {
  return { path, type: 'text', key: urlKey(path, description), variable: null };
}

export function mailSetting(path: string, description: Description): Setting<string> {
  return { path, type: 'text', key: mailAddressKey(path, description), variable: null };
}

/** Text of a form: `allowed` says it in words. */
export function formSetting(
  path: string,
  form: { readonly allowed: string; readonly pattern: RegExp },
  description: Description,
): Setting<string> {
  return { path, type: 'text', key: formKey(path, form, description), variable: null };
}

export function choiceSetting<const C extends string>(
  path: string,
  choices: readonly C[],
  description: Description,
): Setting<C> {
  return { path, type: 'text', key: choiceKey(path, choices, description), variable: null };
}

export function integerSetting(
  path: string,
  range: { readonly min: number; readonly max: number },
  description: Description,
): Setting<number> {
  return { path, type: 'number', key: integerKey(path, range, description), variable: null };
}

export function flagSetting(path: string, description: Description): Setting<boolean> {
  return { path, type: 'flag', key: flagKey(path, description), variable: null };
}

export function choicesSetting<const C extends string>(
  path: string,
  choices: readonly C[],
  description: Description,
): Setting<C> {
  return { path, type: 'list', key: choiceKey(path, choices, description), variable: null };
}

export function formsSetting(
  path: string,
  form: { readonly allowed: string; readonly pattern: RegExp },
  description: Description,
): Setting<string> {
  return { path, type: 'list', key: formKey(path, form, description), variable: null };
}

/** A key whose meaning, form and default are those of a variable: written once, in src/config/schema.ts. */
export function variableSetting<T>(path: string, type: ValueType, variable: Key<T>): Setting<T> {
  return { path, type, key: { ...variable, name: path }, variable: variable.name };
}

function formKey(
  path: string,
  { allowed, pattern }: { readonly allowed: string; readonly pattern: RegExp },
  description: Description,
): Key<string> {
  const key = textKey(path, description);
  return { ...key, allowed, parse: (text) => (pattern.test(text) ? text : undefined) };
}
