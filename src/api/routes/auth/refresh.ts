import { refreshTokens } from '../../auth/sessions.ts';
import { defineRoute } from '../../http/route.ts';
import { envelope, TOKENS } from '../../schemas/answers.ts';
import { TOKEN } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const refreshRoute = defineRoute(
  {
    id: 'refresh',
    method: 'POST',
    path: '/api/auth/refresh',
    summary: 'Trades a refresh token for new tokens, once; a second time ends every session of the user.',
    secured: false,
    rate: 'auth',
    idempotent: false,
    body: { type: 'object', properties: { refresh_token: TOKEN }, required: ['refresh_token'] },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(TOKENS) },
    errors: ['refreshTokenInvalid'],
  },
  async ({ body }, services) => {
    const tokens = await refreshTokens(services, body.refresh_token, services.clock.now());
    return { kind: 'data', message: SAID.refreshed, data: tokens };
  },
);
