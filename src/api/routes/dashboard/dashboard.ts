import { userView } from '../../accounts/holders.ts';
import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { balanceView } from '../../money/balance.ts';
import { newestTransactions } from '../../money/history.ts';
import { DASHBOARD, DASHBOARD_TRANSACTIONS, envelope } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const dashboardRoute = defineRoute(
  {
    id: 'dashboard',
    method: 'GET',
    path: '/api/dashboard',
    summary: "The user, the account and its newest transactions: an app's first screen.",
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: envelope(DASHBOARD) },
    errors: [],
  },
  async (request, services) => {
    const { user, account } = principalOf(request);
    const [balance, transactions] = await Promise.all([
      balanceView(services, account),
      newestTransactions(services, account.id, DASHBOARD_TRANSACTIONS),
    ]);
    const compte = { ...balance, code_marchand: account.codeMarchand };
    return { kind: 'data', message: SAID.dashboard, data: { user: userView(user), compte, transactions } };
  },
);
