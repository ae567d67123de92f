import { setPin } from '../../auth/pin-change.ts';
import { principalOf, readerOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, NOTHING } from '../../schemas/answers.ts';
import { PIN } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const setPinRoute = defineRoute(
  {
    id: 'setPin',
    method: 'POST',
    path: '/api/auth/set-pin',
    summary: "Sets the user's first PIN, against the password; from then on movements of money ask for it.",
    secured: true,
    rate: 'auth',
    idempotent: false,
    body: {
      type: 'object',
      properties: { pin: PIN, password: { type: 'string', minLength: 1, maxLength: 128 } },
      required: ['pin', 'password'],
    },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(NOTHING) },
    errors: ['credentialsInvalid', 'passwordLocked', 'pinAlreadySet', 'overloaded'],
  },
  async (request, services) => {
    const { language } = readerOf(request);
    await setPin(services, principalOf(request).user, { ...request.body, language });
    return { kind: 'data', message: SAID.pinSet, data: null };
  },
);
