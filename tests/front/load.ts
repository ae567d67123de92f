import { Agent, request } from 'node:http';

export interface LoadResult {
  readonly requests: number;
  /** Answers other than 200, and requests that got none, by what was seen. */
  readonly failures: readonly string[];
}

export interface Load {
  readonly sent: () => number;
  stop(): Promise<LoadResult>;
}

const REQUEST_TIMEOUT_MS = 5000;

/** Keeps `connections` kept-alive connections busy with POSTs, none of them ever repeated. */
export function startLoad(port: number, connections: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const failures: string[] = [];
  let requests = 0;
  let stopped = false;
  const work = async (): Promise<void> => {
    while (!stopped) {
      const seen = await post(port, agent);
      requests += 1;
      if (seen !== '200') failures.push(seen);
    }
  };
  const workers = Array.from({ length: connections }, work);
  return {
    sent: () => requests,
    stop: async () => {
      stopped = true;
      await Promise.all(workers);
      agent.destroy();
      return { requests, failures };
    },
  };
}

function post(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ port, agent, method: 'POST', timeout: REQUEST_TIMEOUT_MS }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(String(answer.statusCode)));
      answer.on('error', (error) => resolve(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end('{"amount":100}');
  });
}
