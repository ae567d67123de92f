import type { Parameters, Sentence } from './language.ts';
import { MONEY_FAILURES } from './money-failures.ts';

/**
 * Every failure that a client of the API can meet: HTTP status, number (`error_code`), stable name (`code`) and both languages.
 * 1xxx money, 2xxx identity, 3xxx the request itself, 5xxx ours. 1001 and 1002 are OMPAY's own; clients rely on them.
 */
export const API_ERRORS = {
  ...MONEY_FAILURES,
  unauthenticated: {
    status: 401,
    number: 2001,
    code: 'non_authentifie',
    fr: "Jeton d'accès absent, expiré ou révoqué.",
    en: 'The access token is absent, expired or revoked.',
  },
  credentialsInvalid: {
    status: 401,
    number: 2002,
    code: 'identifiants_invalides',
    fr: 'Numéro de téléphone ou mot de passe incorrect.',
    en: 'Wrong phone number or password.',
  },
  otpInvalid: {
    status: 401,
    number: 2003,
    code: 'otp_invalide',
    fr: 'Code invalide ou expiré.',
    en: 'The code is wrong or has expired.',
  },
  refreshTokenInvalid: {
    status: 401,
    number: 2004,
    code: 'jeton_invalide',
    fr: 'Jeton de rafraîchissement invalide, expiré ou déjà utilisé.',
    en: 'The refresh token is wrong, has expired or was already used.',
  },
  userNotActive: {
    status: 403,
    number: 2005,
    code: 'compte_inactif',
    fr: "Ce compte n'est pas actif.",
    en: 'This account is not active.',
  },
  phoneTaken: {
    status: 409,
    number: 2006,
    code: 'telephone_deja_utilise',
    fr: 'Ce numéro de téléphone est déjà utilisé.',
    en: 'This phone number is already in use.',
  },
  cniTaken: {
    status: 409,
    number: 2007,
    code: 'cni_deja_utilisee',
    fr: 'Ce numéro de CNI est déjà utilisé.',
    en: 'This id card number is already in use.',
  },
  passwordLocked: {
    status: 429,
    number: 2008,
    code: 'compte_verrouille',
    fr: 'Trop de tentatives. Réessayez dans {minutes} min.',
    en: 'Too many attempts. Try again in {minutes} min.',
  },
  otpRequestsExhausted: {
    status: 429,
    number: 2009,
    code: 'trop_de_codes',
    fr: 'Trop de codes demandés. Réessayez dans {minutes} min.',
    en: 'Too many codes were asked for. Try again in {minutes} min.',
  },
  pinRequired: {
    status: 403,
    number: 2010,
    code: 'pin_requis',
    fr: 'Confirmez cette opération par votre code PIN.',
    en: 'Confirm this operation by your PIN.',
  },
  // Not 401, on which the apps renew their tokens and ask again.
  pinInvalid: {
    status: 403,
    number: 2011,
    code: 'pin_invalide',
    fr: 'Code PIN incorrect.',
    en: 'Wrong PIN.',
  },
  pinLocked: {
    status: 429,
    number: 2012,
    code: 'pin_verrouille',
    fr: 'Trop de codes PIN incorrects. Réessayez dans {minutes} min.',
    en: 'Too many wrong PINs. Try again in {minutes} min.',
  },
  pinAlreadySet: {
    status: 409,
    number: 2013,
    code: 'pin_deja_defini',
    fr: 'Un code PIN est déjà défini.',
    en: 'A PIN is already set.',
  },
  pinNotSet: {
    status: 409,
    number: 2014,
    code: 'pin_non_defini',
    fr: "Aucun code PIN n'est défini.",
    en: 'No PIN is set.',
  },
  validationFailed: {
    status: 422,
    number: 3001,
    code: 'donnees_invalides',
    fr: 'Les données envoyées sont invalides.',
    en: 'The data sent is invalid.',
  },
  malformedBody: {
    status: 400,
    number: 3002,
    code: 'corps_illisible',
    fr: "Le corps de la demande n'est pas du JSON lisible.",
    en: 'The body of the request is not readable JSON.',
  },
  bodyTooLarge: {
    status: 413,
    number: 3003,
    code: 'corps_trop_grand',
    fr: 'Le corps de la demande est trop grand.',
    en: 'The body of the request is too large.',
  },
  mediaTypeUnsupported: {
    status: 415,
    number: 3004,
    code: 'type_non_pris_en_charge',
    fr: 'Le corps de la demande doit être du JSON (application/json).',
    en: 'The body of the request must be JSON (application/json).',
  },
  routeNotFound: {
    status: 404,
    number: 3005,
    code: 'route_introuvable',
    fr: "Cette adresse n'existe pas.",
    en: 'This address does not exist.',
  },
  rateLimited: {
    status: 429,
    number: 3006,
    code: 'trop_de_demandes',
    fr: 'Trop de demandes. Réessayez dans {seconds} s.',
    en: 'Too many requests. Try again in {seconds} s.',
  },
  internal: {
    status: 500,
    number: 5001,
    code: 'erreur_interne',
    fr: 'Erreur interne. Donnez request_id au support.',
    en: 'Internal error. Give request_id to the support.',
  },
  databaseAway: {
    status: 503,
    number: 5002,
    code: 'service_indisponible',
    fr: "Service momentanément indisponible. Répétez la demande avec la même clé d'idempotence.",
    en: 'Service unavailable for a moment. Repeat the request with the same idempotency key.',
  },
  overloaded: {
    status: 503,
    number: 5003,
    code: 'service_surcharge',
    fr: 'Service surchargé. Réessayez dans un instant.',
    en: 'Service overloaded. Try again in a moment.',
  },
} as const satisfies Readonly<Record<string, ApiErrorEntry>>;

export interface ApiErrorEntry extends Sentence {
  readonly status: number;
  readonly number: number;
  readonly code: string;
}

export type ApiErrorName = keyof typeof API_ERRORS;

/** Problems by field, each in both languages. */
export type FieldProblems = Readonly<Record<string, readonly Sentence[]>>;

export interface ApiErrorOptions {
  readonly parameters?: Parameters;
  readonly fields?: FieldProblems;
  /** Becomes the Retry-After header. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A failure for the client, thrown anywhere under a route and written by the error handler. */
export class ApiError extends Error {
  readonly errorName: ApiErrorName;
  readonly parameters: Parameters;
  readonly fields: FieldProblems | null;
  readonly retryAfterSeconds: number | null;

  constructor(errorName: ApiErrorName, options: ApiErrorOptions = {}) {
    super(errorName, { cause: options.cause });
    this.name = 'ApiError';
    this.errorName = errorName;
    this.parameters = options.parameters ?? {};
    this.fields = options.fields ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** A refusal that ends by itself after `waitMs`: message in minutes and seconds, and Retry-After. */
export function refusedFor(errorName: ApiErrorName, waitMs: number): ApiError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ApiError(errorName, {
    parameters: { seconds, minutes: Math.ceil(seconds / 60) },
    retryAfterSeconds: seconds,
  });
}
