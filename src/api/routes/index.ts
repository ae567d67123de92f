import type { Route } from '../http/route.ts';
import { changePinRoute } from './auth/change-pin.ts';
import { loginRoute } from './auth/login.ts';
import { meRoute } from './auth/me.ts';
import { refreshRoute } from './auth/refresh.ts';
import { registerRoute } from './auth/register.ts';
import { requestOtpRoute } from './auth/request-otp.ts';
import { setPinRoute } from './auth/set-pin.ts';
import { verifyOtpRoute } from './auth/verify-otp.ts';
import { dashboardRoute } from './dashboard/dashboard.ts';
import { confirmRoute } from './distributeur/confirmer.ts';
import { generateQrRoute } from './marchand/generate-qr.ts';
import { balanceRoute } from './ompay/balance.ts';
import { cancelRoute } from './ompay/cancel.ts';
import { depositRoute } from './ompay/deposit.ts';
import { historyRoute } from './ompay/history.ts';
import { logoutRoute } from './ompay/logout.ts';
import { referenceRoute } from './ompay/reference.ts';
import { transactionsRoute } from './ompay/transactions.ts';
import { transferRoute } from './ompay/transfer.ts';
import { withdrawRoute } from './ompay/withdraw.ts';
import { merchantPaymentRoute } from './paiement/marchand.ts';
import { qrRoute } from './qr/qr.ts';
import { healthRoute } from './service/health.ts';
import { metricsRoute } from './service/metrics.ts';
import { openApiRoute } from './service/openapi.ts';
import { readyRoute } from './service/ready.ts';

const DESCRIBED: readonly Route[] = [
  registerRoute,
  requestOtpRoute,
  verifyOtpRoute,
  loginRoute,
  refreshRoute,
  meRoute,
  setPinRoute,
  changePinRoute,
  logoutRoute,
  balanceRoute,
  depositRoute,
  withdrawRoute,
  cancelRoute,
  confirmRoute,
  transferRoute,
  historyRoute,
  transactionsRoute,
  referenceRoute,
  merchantPaymentRoute,
  generateQrRoute,
  qrRoute,
  dashboardRoute,
  healthRoute,
  readyRoute,
  metricsRoute,
];

/** Every route of the API. A new one is a file and a line. */
export const ROUTES: readonly Route[] = [...DESCRIBED, openApiRoute(DESCRIBED)];
