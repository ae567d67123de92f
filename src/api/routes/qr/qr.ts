import { findQr, isQrPaid, qrView } from '../../accounts/qr.ts';
import { ApiError } from '../../errors.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, QR } from '../../schemas/answers.ts';
import { QR_CODE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const qrRoute = defineRoute(
  {
    id: 'qr',
    method: 'GET',
    path: '/api/qr/:code',
    summary: 'What a scanned code asks for, and for whom.',
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    params: { type: 'object', properties: { code: QR_CODE }, required: ['code'] },
    success: { status: 200, mediaType: 'application/json', schema: envelope(QR) },
    errors: ['qrNotFound', 'qrUsed'],
  },
  async ({ params }, { database, clock }) => {
    const qr = await findQr(database, params.code, clock.now());
    if (qr === undefined) throw new ApiError('qrNotFound');
    if (await isQrPaid(database, params.code)) throw new ApiError('qrUsed');
    return { kind: 'data', message: SAID.qr, data: qrView(qr) };
  },
);
