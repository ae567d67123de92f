import { changePin } from '../../auth/pin-change.ts';
import { principalOf, readerOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, NOTHING } from '../../schemas/answers.ts';
import { PIN } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const changePinRoute = defineRoute(
  {
    id: 'changePin',
    method: 'POST',
    path: '/api/auth/change-pin',
    summary: 'Replaces the PIN, against the old one.',
    secured: true,
    rate: 'auth',
    idempotent: false,
    body: { type: 'object', properties: { old_pin: PIN, new_pin: PIN }, required: ['old_pin', 'new_pin'] },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(NOTHING) },
    errors: ['pinNotSet', 'pinInvalid', 'pinLocked'],
  },
  async (request, services) => {
    const { old_pin: oldPin, new_pin: newPin } = request.body;
    const { language } = readerOf(request);
    await changePin(services, principalOf(request).user, { oldPin, newPin, language });
    return { kind: 'data', message: SAID.pinChanged, data: null };
  },
);
