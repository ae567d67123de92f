import { type Agent, request } from 'node:http';

export interface Question {
  readonly socketPath: string;
  readonly agent: Agent;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it goes out. */
  readonly body?: string | Buffer | undefined;
  readonly limitMs: number;
}

export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request over a unix socket; throws when no whole answer came within the limit, however far it came. */
export function exchange({ body, limitMs, ...question }: Question): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const outgoing = request(question, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    const alarm = setTimeout(() => outgoing.destroy(new Error(`no answer in ${limitMs} ms`)), limitMs);
    outgoing.on('error', reject).on('close', () => {
      clearTimeout(alarm);
      reject(new Error('the connection ended before the answer did'));
    });
    outgoing.end(body);
  });
}
