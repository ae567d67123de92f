/** Process: puts a proven folder in place and kills itself (SIGKILL) when the named step begins. */
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { localHost } from '../../src/host/local.ts';
import { promotionHandlers } from '../../src/restore/promotion/handlers.ts';
import { promote } from '../../src/restore/promotion/promote.ts';
import { readPromotion } from '../../src/restore/promotion/promotion.ts';
import { CHECKS, QUERIES } from './promotion-proof.ts';

const [wanted = '', recordPath = '', socketPath = '', moment = ''] = process.argv.slice(2);
const promotion = readPromotion(wanted);
if (promotion === undefined) throw new Error(`${wanted} is missing`);
const access = { place: { socketPath }, username: 'root', password: new Secret('') };
const deps = { promotion, recordPath, access, database: 'ompay', queries: QUERIES, checks: CHECKS };
await promote(
  {
    hosts: { local: localHost() },
    handlers: promotionHandlers(deps),
    clock: systemClock,
    signal: new AbortController().signal,
    emit: (event) => {
      if (event.type === 'step-started' && event.step === moment) process.kill(process.pid, 'SIGKILL');
    },
  },
  promotion,
  recordPath,
);
