import type { ErrorObject, ValidateFunction } from 'ajv';
import { compileSchema } from './schema.ts';
import type { CheckSources } from './sources.ts';
import type { Finding, Probe } from './types.ts';

export interface LookContext {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Aborted when the look's time is over or the operator interrupts. */
  readonly signal: AbortSignal;
}

/** One kind of probe. A new one is a file in kinds/ and a line in kinds/index.ts. */
export interface Kind {
  readonly kind: string;
  /** JSON schemas of the fields beside `kind`; every one must be given. */
  readonly schema: FieldSchemas;
  /** A look that takes longer is unknown. */
  readonly timeoutMs: number;
  /** What is wrong with a probe's fields; empty when nothing is. */
  problems(probe: Probe): readonly ErrorObject[];
  /** Looks and changes nothing. Whatever it throws means that it could not look. */
  look(probe: Probe, sources: CheckSources, context: LookContext): Promise<Finding>;
}

export type FieldSchemas = Readonly<Record<string, FieldSchema>>;

export interface FieldSchema {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly [keyword: string]: unknown;
}

const LOOK_TIMEOUT_MS = 5000;

/** @param definition its `look` gets a probe that fits the schema: `Fields` says the same as `schema`, in types. */
export function defineKind<Fields extends object>(definition: {
  readonly kind: string;
  readonly schema: FieldSchemas;
  readonly timeoutMs?: number;
  readonly look: (probe: Fields, sources: CheckSources, context: LookContext) => Promise<Finding>;
}): Kind {
  const { kind, schema, timeoutMs = LOOK_TIMEOUT_MS, look } = definition;
  const compiled: { validate?: ValidateFunction<Fields> } = {};
  const validator = (): ValidateFunction<Fields> => {
    compiled.validate ??= validatorOf<Fields>(kind, schema);
    return compiled.validate;
  };
  return {
    kind,
    schema,
    timeoutMs,
    problems: (probe) => {
      const validate = validator();
      return validate(probe) ? [] : (validate.errors ?? []);
    },
    look: async (probe, sources, context) => {
      const validate = validator();
      if (!validate(probe)) throw new TypeError(`a probe that does not fit its kind ${kind}`);
      return look(probe, sources, context);
    },
  };
}

function validatorOf<Fields>(kind: string, schema: FieldSchemas): ValidateFunction<Fields> {
  return compileSchema<Fields>({
    type: 'object',
    properties: { kind: { const: kind }, ...schema },
    required: ['kind', ...Object.keys(schema)],
    additionalProperties: false,
  });
}
