import { toE164 } from '../../accounts/phone.ts';
import { requestOtp } from '../../auth/request-otp.ts';
import { readerOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, NOTHING } from '../../schemas/answers.ts';
import { PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const requestOtpRoute = defineRoute(
  {
    id: 'requestOtp',
    method: 'POST',
    path: '/api/auth/request-otp',
    summary: 'Sends a one-time code; the answer is the same whether or not the number is known.',
    secured: false,
    rate: 'otp',
    idempotent: false,
    body: { type: 'object', properties: { telephone: PHONE }, required: ['telephone'] },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(NOTHING) },
    errors: ['otpRequestsExhausted'],
  },
  async (request, services) => {
    await requestOtp(services, toE164(request.body.telephone), readerOf(request).language);
    return { kind: 'data', message: SAID.otpRequested, data: null };
  },
);
