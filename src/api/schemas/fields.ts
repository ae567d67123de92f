import type { IntegerSchema, StringSchema } from './json.ts';

/** The fields of requests; their rules are OMPAY's contract with its mobile apps. */

export const PHONE = {
  type: 'string',
  pattern: '^(\\+221|221)?7[05678]\\d{7}$',
  description: 'A Senegalese mobile number, nine digits, with or without 221.',
  examples: ['771234567'],
} as const satisfies StringSchema;

/** In no text is there U+0000, which PostgreSQL cannot keep. */
export const NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  pattern: '^\\s*[^\\s\\u0000][^\\u0000]*$',
} as const satisfies StringSchema;

/** The upper bound keeps a hash's work bounded; the lower is the contract's. */
export const PASSWORD = { type: 'string', minLength: 8, maxLength: 128 } as const satisfies StringSchema;

export const CNI = {
  type: 'string',
  pattern: '^([A-Za-z]{2}\\d{9}|\\d{13})$',
  description: 'National id card: two letters and nine digits, or thirteen digits.',
  examples: ['AB123456789'],
} as const satisfies StringSchema;

export const OTP = {
  type: 'string',
  pattern: '^\\d{6}$',
  examples: ['123456'],
} as const satisfies StringSchema;

export const PIN = {
  type: 'string',
  pattern: '^\\d{4}$',
  description: 'The four digits that confirm movements of money, once they are set.',
  examples: ['4826'],
} as const satisfies StringSchema;

export const MERCHANT_CODE = {
  type: 'string',
  pattern: '^MCH[A-Z0-9]{6}$',
  examples: ['MCH7Q2K9A'],
} as const satisfies StringSchema;

export const QR_CODE = {
  type: 'string',
  pattern: '^QR[0-9A-Z]{20}$',
  examples: ['QR7ZK2M9Q4T6V8X0B1C3D5'],
} as const satisfies StringSchema;

export const REFERENCE = {
  type: 'string',
  pattern: '^TXN\\d{14}[0-9A-Z]{1,15}$',
  examples: ['TXN20261122101500A1B2C3'],
} as const satisfies StringSchema;

/** An account's id or its number. */
export const ACCOUNT = { type: 'string', minLength: 1, maxLength: 64 } as const satisfies StringSchema;

/** Of a customer's pending operation. */
export const HOLD_CODE = {
  type: 'string',
  pattern: '^\\d{6}$',
  examples: ['482604'],
} as const satisfies StringSchema;

export const TOKEN = { type: 'string', minLength: 1, maxLength: 128 } as const satisfies StringSchema;

export const DESCRIPTION = {
  type: 'string',
  maxLength: 255,
  pattern: '^[^\\u0000]*$',
} as const satisfies StringSchema;

const XOF = 'Whole francs (FCFA).';

/** 100 to 2,000,000: never past the legal balance ceiling (BCEAO Instruction 008-05-2015). */
export const DEPOSIT_AMOUNT = {
  type: 'integer',
  minimum: 100,
  maximum: 2_000_000,
  description: XOF,
  examples: [10_000],
} as const satisfies IntegerSchema;

export const AMOUNT = {
  type: 'integer',
  minimum: 100,
  maximum: 1_000_000,
  description: XOF,
  examples: [5000],
} as const satisfies IntegerSchema;
