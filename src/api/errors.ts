import type { Parameters, Sentence } from './language.ts';

/**
 * Every failure that a client of the API can meet: HTTP status, number (`error_code`), stable name (`code`) and both languages.
 * 1xxx money, 2xxx identity, 3xxx the request itself, 5xxx ours. 1001 and 1002 are OMPAY's own; clients rely on them.
 */
export const API_ERRORS = {
  insufficientFunds: {
    status: 400,
    number: 1001,
    code: 'solde_insuffisant',
    // Without the figures: a distributor is not told a customer's balance.
    fr: 'Solde insuffisant pour cette opération.',
    en: 'Insufficient balance for this operation.',
  },
  accountNotFound: {
    status: 404,
    number: 1002,
    code: 'compte_introuvable',
    fr: 'Compte {account} introuvable.',
    en: 'Account {account} not found.',
  },
  sameAccount: {
    status: 422,
    number: 1003,
    code: 'meme_compte',
    fr: "L'opération va d'un compte à lui-même.",
    en: 'The operation goes from an account to itself.',
  },
  balanceCeiling: {
    status: 422,
    number: 1004,
    code: 'plafond_solde',
    fr: 'Le solde du bénéficiaire dépasserait son plafond.',
    en: "The receiver's balance would pass its ceiling.",
  },
  periodCeiling: {
    status: 422,
    number: 1005,
    code: 'plafond_periode',
    fr: "Le plafond de la période serait dépassé pour l'un des comptes.",
    en: 'The ceiling of the period would be passed for one of the accounts.',
  },
  distributorOnly: {
    status: 403,
    number: 1006,
    code: 'reserve_distributeur',
    fr: 'Cette opération se fait chez un distributeur.',
    en: 'This operation is done at a distributor.',
  },
  customerOnly: {
    status: 403,
    number: 1007,
    code: 'reserve_client',
    fr: 'Cette opération est réservée aux clients.',
    en: 'This operation is for customers.',
  },
  idempotencyKeyReused: {
    status: 422,
    number: 1008,
    code: 'cle_idempotence_reutilisee',
    fr: "Cette clé d'idempotence a déjà servi pour une autre demande.",
    en: 'This idempotency key was already used for another request.',
  },
  idempotencyKeyInProgress: {
    status: 409,
    number: 1009,
    code: 'operation_en_cours',
    fr: "Une demande avec cette clé d'idempotence est en cours.",
    en: 'A request with this idempotency key is in progress.',
  },
  tooManyOperations: {
    status: 409,
    number: 1010,
    code: 'trop_operations_en_attente',
    fr: "Trop d'opérations en attente : annulez-en une, ou laissez-la expirer.",
    en: 'Too many pending operations: cancel one, or let it expire.',
  },
  operationCodeInvalid: {
    status: 422,
    number: 1011,
    code: 'code_operation_invalide',
    // The same for an unknown client, a wrong code and an operation that has ended.
    fr: "Aucune opération en attente de ce client n'a ce code.",
    en: 'No pending operation of this client has this code.',
  },
  operationNotPending: {
    status: 409,
    number: 1012,
    code: 'operation_non_en_attente',
    fr: "Cette opération n'est plus en attente.",
    en: 'This operation is no longer pending.',
  },
  qrNotFound: {
    status: 404,
    number: 1020,
    code: 'qr_introuvable',
    fr: 'Code QR introuvable ou expiré.',
    en: 'The QR code is unknown or has expired.',
  },
  qrUsed: {
    status: 409,
    number: 1021,
    code: 'qr_deja_utilise',
    fr: 'Ce code QR a déjà été payé.',
    en: 'This QR code was already paid.',
  },
  merchantOnly: {
    status: 403,
    number: 1022,
    code: 'reserve_marchand',
    fr: 'Cette opération est réservée aux marchands.',
    en: 'This operation is for merchants.',
  },
  transactionNotFound: {
    status: 404,
    number: 1023,
    code: 'transaction_introuvable',
    fr: 'Transaction {reference} introuvable.',
    en: 'Transaction {reference} not found.',
  },
  clientConfirms: {
    status: 403,
    number: 1024,
    code: 'confirmation_client',
    fr: 'Ce client a un code PIN : il demande lui-même ce retrait.',
    en: 'This client has a PIN: the client asks for this withdrawal.',
  },
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

interface ApiErrorEntry extends Sentence {
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
