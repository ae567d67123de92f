/** The part of JSON Schema 2020-12 that this API uses, and the TypeScript type of what a schema accepts. */

export interface StringSchema {
  readonly type: 'string';
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: 'date' | 'date-time' | 'uuid';
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly examples?: readonly string[];
}

export interface IntegerSchema {
  readonly type: 'integer';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
  readonly description?: string;
  readonly examples?: readonly number[];
}

export interface RequestSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, StringSchema | IntegerSchema>>;
  readonly required: readonly string[];
}

type ValueOf<S> = S extends { readonly enum: readonly (infer Choice)[] }
  ? Choice
  : S extends IntegerSchema
    ? number
    : string;

type RequiredName<S extends RequestSchema> = S['required'][number] & keyof S['properties'];
/** A property with a default is filled in before a route sees it. */
type DefaultedName<S extends RequestSchema> = {
  [Name in keyof S['properties']]: S['properties'][Name] extends { readonly default: number } ? Name : never;
}[keyof S['properties']];
type PresentName<S extends RequestSchema> = RequiredName<S> | DefaultedName<S>;

export type RequestOf<S extends RequestSchema> = {
  readonly [Name in PresentName<S>]: ValueOf<S['properties'][Name]>;
} & { readonly [Name in Exclude<keyof S['properties'], PresentName<S>>]?: ValueOf<S['properties'][Name]> };

/** A schema of an answer: any JSON Schema, kept as data. */
export type AnswerSchema = Readonly<Record<string, unknown>>;

/** A strict object: all its properties are required unless named optional, and there are no others. */
export function strictObject(
  properties: Readonly<Record<string, AnswerSchema>>,
  optional: readonly string[] = [],
): AnswerSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export const NO_REQUEST = { type: 'object', properties: {}, required: [] } as const satisfies RequestSchema;
