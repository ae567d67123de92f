import { toE164 } from '../../accounts/phone.ts';
import { login } from '../../auth/login.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, TOKENS } from '../../schemas/answers.ts';
import { PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const loginRoute = defineRoute(
  {
    id: 'login',
    method: 'POST',
    path: '/api/auth/login',
    summary: 'Trades a phone number and a password for tokens.',
    secured: false,
    rate: 'auth',
    idempotent: false,
    body: {
      type: 'object',
      properties: { telephone: PHONE, password: { type: 'string', minLength: 1, maxLength: 128 } },
      required: ['telephone', 'password'],
    },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(TOKENS) },
    errors: ['credentialsInvalid', 'passwordLocked', 'userNotActive', 'overloaded'],
  },
  async ({ body }, services) => {
    const tokens = await login(services, { telephone: toE164(body.telephone), password: body.password });
    return { kind: 'data', message: SAID.loggedIn, data: tokens };
  },
);
