import { userView } from '../../accounts/holders.ts';
import { toE164 } from '../../accounts/phone.ts';
import { verifyOtp } from '../../auth/login.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, TOKENS, USER } from '../../schemas/answers.ts';
import { OTP, PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST, strictObject } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const verifyOtpRoute = defineRoute(
  {
    id: 'verifyOtp',
    method: 'POST',
    path: '/api/auth/verify-otp',
    summary: 'Trades a one-time code for tokens; activates a pending account.',
    secured: false,
    rate: 'auth',
    idempotent: false,
    body: { type: 'object', properties: { telephone: PHONE, otp: OTP }, required: ['telephone', 'otp'] },
    query: NO_REQUEST,
    success: {
      status: 200,
      mediaType: 'application/json',
      schema: envelope(strictObject({ user: USER, tokens: TOKENS })),
    },
    errors: ['otpInvalid', 'userNotActive'],
  },
  async ({ body }, services) => {
    const { user, tokens } = await verifyOtp(services, { telephone: toE164(body.telephone), code: body.otp });
    return { kind: 'data', message: SAID.loggedIn, data: { user: userView(user), tokens } };
  },
);
