import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import { ApiError, type FieldProblems } from '../errors.ts';
import type { Sentence } from '../language.ts';

/** The part of a schema that says how a URL's text is read. */
interface PartSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
}

/**
 * Bodies are taken as they are: "1000" is not an amount. Everything in a URL is text, so integers of query strings are
 * read from their digits.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<PartSchema> {
  const strict = formatted(new Ajv({ allErrors: true, coerceTypes: false }));
  const defaulting = formatted(new Ajv({ allErrors: true, coerceTypes: false, useDefaults: true }));
  return ({ schema, httpPart }) => {
    if (httpPart !== 'querystring') return strict.compile(schema);
    const validate = defaulting.compile(schema);
    return (query: object) => {
      const value = withIntegers(query, schema);
      validate(value);
      const { errors } = validate;
      return errors ? { error: errors } : { value };
    };
  };
}

/** Digits, and nothing else that JavaScript takes for a number: ` 5 `, `0x10`, and `1e400`, whose infinity is under no bound. */
const INTEGER = /^-?\d{1,15}$/;

function withIntegers(query: object, { properties = {} }: PartSchema): object {
  const pairs = Object.entries(query).map(([name, text]) => {
    const isInteger = properties[name]?.type === 'integer' && INTEGER.test(String(text));
    return [name, isInteger ? Number(text) : text];
  });
  return Object.fromEntries(pairs);
}

function formatted(ajv: Ajv): Ajv {
  addFormats.default(ajv, ['date', 'date-time', 'uuid']);
  return ajv;
}

export function validationError(errors: readonly FastifySchemaValidationError[]): ApiError {
  const fields: Record<string, readonly Sentence[]> = {};
  for (const error of errors) {
    const field = fieldOf(error);
    fields[field] = [...(fields[field] ?? []), sentenceOf(field, error)];
  }
  return fieldsError(fields);
}

export function fieldsError(fields: FieldProblems): ApiError {
  return new ApiError('validationFailed', { fields });
}

function fieldOf(error: FastifySchemaValidationError): string {
  const missing = error.params.missingProperty;
  return String(missing ?? error.instancePath.slice(1)) || 'body';
}

function sentenceOf(field: string, error: FastifySchemaValidationError): Sentence {
  const sentence = SENTENCES_BY_KEYWORD[error.keyword] ?? SENTENCES_BY_FIELD[field] ?? MALFORMED;
  const limit = String(error.params.limit ?? error.params.allowedValues);
  return { fr: sentence.fr.replace('{limit}', limit), en: sentence.en.replace('{limit}', limit) };
}

export const REQUIRED: Sentence = { fr: 'Ce champ est obligatoire.', en: 'This field is required.' };

const MALFORMED: Sentence = { fr: "Ce champ n'a pas la bonne forme.", en: 'This field is malformed.' };

const SENTENCES_BY_KEYWORD: Readonly<Record<string, Sentence>> = {
  required: REQUIRED,
  minimum: { fr: 'La valeur minimale est {limit}.', en: 'The least value is {limit}.' },
  maximum: { fr: 'La valeur maximale est {limit}.', en: 'The greatest value is {limit}.' },
  minLength: { fr: 'Au moins {limit} caractères.', en: 'At least {limit} characters.' },
  maxLength: { fr: 'Au plus {limit} caractères.', en: 'At most {limit} characters.' },
  enum: { fr: 'Valeurs permises : {limit}.', en: 'Allowed values: {limit}.' },
};

const WHOLE_FRANCS: Sentence = {
  fr: 'Un nombre entier de francs, sans guillemets ni décimales.',
  en: 'A whole number of francs, without quotes or decimals.',
};

const FOUR_DIGITS: Sentence = { fr: 'Le code PIN a quatre chiffres.', en: 'A PIN has four digits.' };

const SENTENCES_BY_FIELD: Readonly<Record<string, Sentence>> = {
  amount: WHOLE_FRANCS,
  montant: WHOLE_FRANCS,
  pin: FOUR_DIGITS,
  'x-pin': FOUR_DIGITS,
  old_pin: FOUR_DIGITS,
  new_pin: FOUR_DIGITS,
  telephone: { fr: 'Numéro de téléphone sénégalais invalide.', en: 'Not a Senegalese mobile number.' },
  cni: {
    fr: 'Deux lettres et neuf chiffres, ou treize chiffres.',
    en: 'Two letters and nine digits, or thirteen digits.',
  },
  otp: { fr: 'Le code a six chiffres.', en: 'The code has six digits.' },
  date_naissance: { fr: 'Une date passée, AAAA-MM-JJ.', en: 'A past date, YYYY-MM-DD.' },
};
