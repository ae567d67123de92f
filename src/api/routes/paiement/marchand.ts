import { defineRoute } from '../../http/route.ts';
import { payMerchant } from '../../money/merchant.ts';
import { envelope, PAYMENT } from '../../schemas/answers.ts';
import { AMOUNT, MERCHANT_CODE, QR_CODE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { MONEY_ERRORS } from '../ompay/errors.ts';

export const merchantPaymentRoute = defineRoute(
  {
    id: 'payMerchant',
    method: 'POST',
    path: '/api/paiement/marchand',
    summary:
      'Pays a merchant, free of fees: by `code_marchand` and `montant`, or by `code_qr` (with `montant` when the code has none).',
    secured: true,
    rate: 'money',
    idempotent: true,
    asksPin: true,
    body: {
      type: 'object',
      properties: { code_marchand: MERCHANT_CODE, code_qr: QR_CODE, montant: AMOUNT },
      required: [],
    },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(PAYMENT) },
    errors: ['customerOnly', 'sameAccount', 'qrNotFound', 'qrUsed', ...MONEY_ERRORS],
  },
  (request, services) => payMerchant(services, request, request.body),
);
