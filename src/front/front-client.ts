import { messageOf, OmpayError } from '../core/errors.ts';
import { request } from '../core/node-http.ts';
import type { FrontCounts } from './proxy/counts.ts';

export type { FrontCounts, RecentCounts, TargetCounts } from './proxy/counts.ts';

const TIMEOUT_MS = 2000;

/** What users saw, by slot, since the front started. Throws `hostUnreachable` when the front does not answer. */
export function frontCounts(socketPath: string): Promise<FrontCounts> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(
        new OmpayError('hostUnreachable', `the front did not tell its counts (${messageOf(cause)})`, {
          hint: 'see whether it runs: ompay status',
          cause,
        }),
      );
    };
    const outgoing = request(
      { socketPath, path: '/stats', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', fail);
        answer.on('end', () => {
          try {
            const counts: FrontCounts = JSON.parse(text);
            resolve(counts);
          } catch (error) {
            fail(error);
          }
        });
      },
    );
    outgoing.on('error', fail);
    outgoing.end();
  });
}
