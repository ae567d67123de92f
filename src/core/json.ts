import { type ErrorName, OmpayError } from './errors.ts';

/** Reads the fields of a JSON object that came from outside, each with the type that is expected. */
export interface JsonReader {
  text(name: string): string;
  textOrNull(name: string): string | null;
  /** A safe integer >= 0. */
  whole(name: string): number;
  flag(name: string): boolean;
  object(name: string): JsonReader;
  /** Null where the value is null. */
  objectOrNull(name: string): JsonReader | null;
  list<T>(name: string, read: (item: JsonReader) => T): readonly T[];
  /** An object whose values are all read in one way, for example facts by name. */
  record<T>(name: string, read: (item: JsonReader) => T): Readonly<Record<string, T>>;
  texts(name: string): Readonly<Record<string, string>>;
  textList(name: string): readonly string[];
  /** An object whose values are safe integers >= 0. */
  wholes(name: string): Readonly<Record<string, number>>;
  has(name: string): boolean;
}

/** How a document's errors are told. */
export interface JsonOrigin {
  /** Names the document, for example by its path. */
  readonly what: string;
  readonly code: ErrorName;
  readonly hint: string;
}

/** Throws the origin's error when the document is not an object, and when a field that is read is missing or another type. */
export function readJson(bytes: Uint8Array, origin: JsonOrigin): JsonReader {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw unreadable(origin, 'it is not JSON', error);
  }
  return readerOf(value, origin);
}

function readerOf(value: unknown, origin: JsonOrigin): JsonReader {
  if (!isObject(value)) throw unreadable(origin, 'it is not an object');
  const field = (name: string): unknown => value[name];
  const child = (name: string): JsonReader => readerOf(field(name), within(origin, name));
  return {
    text: (name) => checked(field(name), isText, origin, name),
    textOrNull: (name) => (field(name) === null ? null : checked(field(name), isText, origin, name)),
    whole: (name) => checked(field(name), isWhole, origin, name),
    flag: (name) => checked(field(name), isFlag, origin, name),
    object: child,
    objectOrNull: (name) => (field(name) === null ? null : child(name)),
    list: (name, read) =>
      checked(field(name), Array.isArray, origin, name).map((item, index) =>
        read(readerOf(item, within(origin, `${name}[${index}]`))),
      ),
    record: (name, read) =>
      mapValues(checked(field(name), isObject, origin, name), (item, key) =>
        read(readerOf(item, within(origin, `${name}.${key}`))),
      ),
    texts: (name) =>
      mapValues(checked(field(name), isObject, origin, name), (item, key) =>
        checked(item, isText, origin, key),
      ),
    textList: (name) =>
      checked(field(name), Array.isArray, origin, name).map((item) => checked(item, isText, origin, name)),
    wholes: (name) =>
      mapValues(checked(field(name), isObject, origin, name), (item, key) =>
        checked(item, isWhole, origin, key),
      ),
    has: (name) => field(name) !== undefined,
  };
}

function mapValues<T>(
  object: Readonly<Record<string, unknown>>,
  map: (value: unknown, key: string) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}

function checked<T>(value: unknown, is: (value: unknown) => value is T, origin: JsonOrigin, name: string): T {
  if (is(value)) return value;
  throw unreadable(origin, `\`${name}\` is ${value === undefined ? 'missing' : JSON.stringify(value)}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function within(origin: JsonOrigin, name: string): JsonOrigin {
  return { ...origin, what: `${origin.what}: ${name}` };
}

function unreadable({ what, code, hint }: JsonOrigin, why: string, cause?: unknown): OmpayError {
  return new OmpayError(code, `${what} cannot be understood: ${why}`, { hint, cause });
}
