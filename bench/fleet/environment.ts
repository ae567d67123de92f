import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { run } from './program.ts';
import { askSite } from './site.ts';

/** An environment whose web hosts are provisioned, as a bench is told of it: `--folder DIR --environment lab`. */
export interface Stage {
  readonly folder: string;
  readonly environment: string;
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** Words after the program's path. */
  words(...words: readonly string[]): readonly string[];
}

export function stageOf(extra: Readonly<Record<string, { type: 'string' | 'boolean' }>>): Stage {
  const options = { folder: { type: 'string' }, environment: { type: 'string' }, ...extra } as const;
  const { values } = parseArgs({ options });
  const folder = values.folder;
  if (typeof folder !== 'string')
    throw new Error('--folder DIR: an installation whose web hosts are provisioned');
  const environment = typeof values.environment === 'string' ? values.environment : 'lab';
  return {
    folder,
    environment,
    options: values,
    words: (...words) => ['-C', folder, ...words, '-e', environment],
  };
}

export interface HostStatus {
  readonly name: string;
  readonly release: string | null;
  readonly isPending: boolean;
  readonly isLocked: boolean;
}

/** What `status -e ENV --json` says of each host that it reached. */
export async function statusOf(program: string, stage: Stage): Promise<readonly HostStatus[]> {
  const { execFileSync } = await import('node:child_process');
  let text: string;
  try {
    text = execFileSync(program, [...stage.words('status'), '--json'], {
      encoding: 'utf8',
      timeout: 120_000,
    });
  } catch (error) {
    text = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : '';
  }
  const value: unknown = JSON.parse(text);
  const hosts = typeof value === 'object' && value !== null && 'hosts' in value ? value.hosts : {};
  return Object.entries(Object(hosts)).map(([name, host]) => {
    const fields: Readonly<Record<string, unknown>> = Object(host);
    return {
      name,
      release: typeof fields.release === 'string' ? fields.release : null,
      isPending: fields.pending !== null && fields.pending !== undefined,
      isLocked: typeof fields.lockedBy === 'string',
    };
  });
}

export interface Poll {
  /** Requests since the last call, and those that were not answered with 200. */
  take(): { readonly sent: number; readonly failed: number; readonly seen: readonly string[] };
  stop(): Promise<void>;
}

/** What answers at an address: by HTTPS under the name of a site, where one is told. */
export interface Way {
  readonly port: number;
  readonly site?: string | undefined;
}

/** Asks /health of each address ten times a second, on a connection each time. */
export function poll(addresses: readonly string[], way: Way): Poll {
  let isOver = false;
  let [sent, failed] = [0, 0];
  let seen: string[] = [];
  const one = async (host: string): Promise<void> => {
    while (!isOver) {
      const answer = await ask(host, way);
      sent += 1;
      if (answer !== '200') {
        failed += 1;
        seen.push(`${host} ${answer}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const all = Promise.all(addresses.map(one));
  return {
    take: () => {
      const taken = { sent, failed, seen };
      [sent, failed, seen] = [0, 0, []];
      return taken;
    },
    stop: async () => {
      isOver = true;
      await all;
    },
  };
}

function ask(host: string, { port, site }: Way): Promise<string> {
  if (site !== undefined)
    return askSite({ name: site, address: host }, '/health').then(
      ({ statusCode }) => String(statusCode),
      (error: unknown) => String(error),
    );
  return new Promise((resolve) => {
    const asked = request({ host, port, path: '/health', agent: false, timeout: 20_000 }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(String(answer.statusCode)));
      answer.on('error', () => resolve('cut'));
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error) => resolve(error.message));
    asked.end();
  });
}

/** What is told to the lab of the stage: `cut web2`, `exec web2 -- …`. */
export async function lab(program: string, stage: Stage, ...words: readonly string[]): Promise<void> {
  const { exitCode, summary } = await run(program, ['-C', stage.folder, 'lab', ...words]);
  if (exitCode !== 0) throw new Error(`lab ${words.join(' ')}: exit ${exitCode}: ${summary}`);
}
