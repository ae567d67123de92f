import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { lookupOf } from './site.ts';

export interface LoadTally {
  readonly requests: number;
  readonly failed: number;
  /** How often each failure was seen. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface LoadWish {
  readonly urls: readonly string[];
  readonly connections: number;
  /** Of each connection between an answer and its next request. */
  readonly pauseMs: number;
  /** Where the names are that no DNS knows. */
  readonly address?: string | undefined;
}

export interface Load {
  /** Since the last call. */
  take(): LoadTally;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 20_000;

/**
 * Users on connections that stay open, without retries: /health (which asks the database) and a balance without a token,
 * which is refused by 401. Failed: no connection, a broken answer, any 5xx or 429.
 */
export function load({ urls, connections, pauseMs, address }: LoadWish): Load {
  let isOver = false;
  let requests = 0;
  let failures = new Map<string, number>();
  const user = async (url: URL): Promise<void> => {
    const isTls = url.protocol === 'https:';
    const place = address === undefined ? {} : { lookup: lookupOf({ address }) };
    const options = { keepAlive: true, maxSockets: 1, ...place };
    const agent = isTls ? new TlsAgent({ ...options, rejectUnauthorized: false }) : new PlainAgent(options);
    for (let turn = 0; !isOver; turn += 1) {
      const path = turn % 2 === 0 ? '/health' : '/api/ompay/balance';
      const problem = await ask(new URL(path, url), agent);
      requests += 1;
      if (problem !== undefined) failures.set(problem, (failures.get(problem) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    agent.destroy();
  };
  const targets = urls.map((url) => new URL(url));
  const users = Array.from({ length: connections }, (_, index) => targets[index % targets.length]);
  const all = Promise.all(users.flatMap((url) => (url === undefined ? [] : [user(url)])));
  return {
    take: () => {
      const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
      const taken = { requests, failed, failures: Object.fromEntries(failures) };
      [requests, failures] = [0, new Map()];
      return taken;
    },
    stop: async () => {
      isOver = true;
      await all;
    },
  };
}

/** Undefined when it was answered. */
function ask(url: URL, agent: PlainAgent | TlsAgent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const asked = send(url, { agent, timeout: TIMEOUT_MS }, (answer) => {
      const status = answer.statusCode ?? 0;
      answer.resume();
      answer.on('end', () =>
        resolve(status >= 500 || status === 429 ? `${status} ${url.pathname}` : undefined),
      );
      answer.on('error', () => resolve('broken answer'));
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    asked.end();
  });
}
