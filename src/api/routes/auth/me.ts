import { userView } from '../../accounts/holders.ts';
import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, ME } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const meRoute = defineRoute(
  {
    id: 'me',
    method: 'GET',
    path: '/api/auth/me',
    summary: 'The user whose token it is, and whether a PIN is set.',
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(ME) },
    errors: [],
  },
  async (request, services) => {
    const { user } = principalOf(request);
    const pin = await services.pin(user.id);
    return { kind: 'data', message: SAID.me, data: { user: userView(user), pin_defini: pin !== undefined } };
  },
);
