import { makeQr, qrView } from '../../accounts/qr.ts';
import { ApiError } from '../../errors.ts';
import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, QR } from '../../schemas/answers.ts';
import { AMOUNT } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const generateQrRoute = defineRoute(
  {
    id: 'generateQr',
    method: 'POST',
    path: '/api/marchand/generate-qr',
    summary: "A merchant's code to be paid by: good for one payment within 5 minutes.",
    secured: true,
    rate: 'money',
    idempotent: false,
    body: { type: 'object', properties: { montant: AMOUNT }, required: [] },
    query: NO_REQUEST,
    success: { status: 201, mediaType: 'application/json', schema: envelope(QR) },
    errors: ['merchantOnly'],
  },
  async (request, { database, clock }) => {
    const merchant = principalOf(request);
    if (merchant.account.kind !== 'merchant') throw new ApiError('merchantOnly');
    const amountXof = request.body.montant ?? null;
    const qr = await makeQr(database, merchant, { amountXof, now: clock.now() });
    return { kind: 'data', message: SAID.qrMade, data: qrView(qr) };
  },
);
