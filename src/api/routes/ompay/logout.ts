import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, NOTHING } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const logoutRoute = defineRoute(
  {
    id: 'logout',
    method: 'POST',
    path: '/api/ompay/logout',
    summary: 'Ends every session of the user, at once.',
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(NOTHING) },
    errors: [],
  },
  async (request, services) => {
    await services.sessions.end(principalOf(request).user.id);
    return { kind: 'data', message: SAID.loggedOut, data: null };
  },
);
