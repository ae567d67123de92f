import { Ajv, type ValidateFunction } from 'ajv';

/**
 * Compiles a schema of ours. Every fault is told, with the schema beside it, which names what is allowed. The schema
 * itself is not validated each time (a fifth of a second of a deploy): its test does that.
 */
export function compileSchema<T>(schema: object): ValidateFunction<T> {
  return new Ajv({ allErrors: true, verbose: true, meta: false, validateSchema: false }).compile<T>(schema);
}
