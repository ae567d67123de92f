import { HOLD_CODE, MERCHANT_CODE, QR_CODE } from './fields.ts';
import { type AnswerSchema, strictObject } from './json.ts';

/** The shapes of answers; strict, so that nothing is told that is not declared. */

const TEXT = { type: 'string' };
const TIME = { type: 'string', format: 'date-time' };
const FRANCS = { type: 'integer', description: 'Whole francs (FCFA).' };

export function envelope(data: AnswerSchema): AnswerSchema {
  return strictObject({ success: { const: true }, message: TEXT, data });
}

export const NOTHING: AnswerSchema = { type: 'null' };

export const USER = strictObject({
  id: { type: 'string', format: 'uuid' },
  nom: TEXT,
  prenom: TEXT,
  telephone: { type: 'string', pattern: '^\\d{9}$' },
  status: { enum: ['pending_verification', 'active', 'suspended'] },
});

/** `pin_defini`: whether the user's movements of money ask for a PIN. */
export const ME = strictObject({ user: USER, pin_defini: { type: 'boolean' } });

export const TOKENS = strictObject({
  access_token: TEXT,
  refresh_token: TEXT,
  token_type: { const: 'Bearer' },
  expires_in: { type: 'integer', description: 'Seconds that the access token lives.' },
});

export const TRANSACTION = strictObject({
  id: { type: 'string', format: 'uuid' },
  type: { enum: ['depot', 'retrait', 'transfert', 'paiement', 'approvisionnement'] },
  sens: { enum: ['debit', 'credit'] },
  montant: { ...FRANCS, minimum: 1 },
  frais: { ...FRANCS, minimum: 0, description: 'Whole francs paid on top by the debited account.' },
  statut: { enum: ['reussi', 'en_attente', 'annule', 'echoue'] },
  description: { type: ['string', 'null'] },
  reference: { type: 'string', pattern: '^TXN\\d{14}[0-9A-Z]+$' },
  date_operation: TIME,
});

const BALANCE_FIELDS = {
  compte_id: { type: 'string', format: 'uuid' },
  numero_compte: { type: 'string', pattern: '^OM\\d{8}$' },
  solde: { ...FRANCS, minimum: 0, description: 'Whole francs (FCFA) that can be spent.' },
  solde_reserve: { ...FRANCS, minimum: 0, description: 'Whole francs (FCFA) that pending withdrawals hold.' },
  devise: { const: 'FCFA' },
  date_consultation: TIME,
};

export const BALANCE = strictObject(BALANCE_FIELDS);

/** The sender's side, the receiver's, and what they share. */
const TRANSFER_FIELDS = {
  debit_transaction: TRANSACTION,
  credit_transaction: TRANSACTION,
  reference: TEXT,
};

export const TRANSFER = strictObject(TRANSFER_FIELDS);

export const PAYMENT = strictObject({
  ...TRANSFER_FIELDS,
  solde_client: { ...FRANCS, minimum: 0, description: "Whole francs (FCFA): the payer's balance after it." },
});

const NULLABLE_CODE = { type: ['string', 'null'], pattern: MERCHANT_CODE.pattern };

export const DASHBOARD_TRANSACTIONS = 10;

export const DASHBOARD = strictObject({
  user: USER,
  compte: strictObject({ ...BALANCE_FIELDS, code_marchand: NULLABLE_CODE }),
  transactions: { type: 'array', items: TRANSACTION, maxItems: DASHBOARD_TRANSACTIONS },
});

export const QR = strictObject({
  code_qr: { type: 'string', pattern: QR_CODE.pattern },
  nom_marchand: TEXT,
  code_marchand: { type: 'string', pattern: MERCHANT_CODE.pattern },
  montant: {
    type: ['integer', 'null'],
    minimum: 1,
    description: 'Whole francs; null leaves it to the payer.',
  },
  date_expiration: TIME,
});

/** A deposit or a withdrawal, as who asked sees it; a customer's own is pending, and has a code for the distributor. */
export const CASH = envelope(
  strictObject(
    {
      transaction: TRANSACTION,
      reference: TEXT,
      code: { type: 'string', pattern: HOLD_CODE.pattern, description: 'For the distributor alone.' },
      date_expiration: TIME,
    },
    ['code', 'date_expiration'],
  ),
);

const COUNT = { type: 'integer', minimum: 0 };
const PAGES = strictObject({ current_page: COUNT, per_page: COUNT, total: COUNT, last_page: COUNT });
const CURSOR = strictObject({ per_page: COUNT, next_cursor: { type: ['string', 'null'] } });

export const HISTORY = strictObject({
  transactions: { type: 'array', items: TRANSACTION },
  pagination: { oneOf: [PAGES, CURSOR] },
});

export const HEALTH = strictObject({
  status: { enum: ['ok', 'degraded', 'error'] },
  timestamp: TIME,
  release: TEXT,
  services: strictObject({
    database: { enum: ['ok', 'error'] },
    redis: { enum: ['ok', 'error'] },
    queue: { enum: ['ok', 'warning', 'error'] },
  }),
  details: strictObject({ redis: { enum: ['unused', 'ok', 'away'] } }),
});

export const READY = strictObject({
  ready: { type: 'boolean' },
  release: TEXT,
  obstacles: { type: 'array', items: { enum: ['draining', 'event_loop', 'database', 'migrations'] } },
});

const IDENTITY = {
  errors: { type: 'object', additionalProperties: { type: 'array', items: TEXT } },
  error_code: { type: 'integer' },
  code: TEXT,
  request_id: TEXT,
  debug: { type: 'string', description: 'What went wrong inside; only where APP_DEBUG is on.' },
};

const OPTIONAL = ['errors', 'error_code', 'debug'];

/** `errors` when fields are wrong, else `error_code`. */
export const ERROR = strictObject({ success: { const: false }, message: TEXT, ...IDENTITY }, OPTIONAL);

export const PROBLEM = strictObject(
  { type: TEXT, title: TEXT, status: { type: 'integer' }, detail: TEXT, ...IDENTITY },
  OPTIONAL,
);
