import type { Clock } from '../../core/clock.ts';
import { silence } from '../silence.ts';
import type { Channel } from './connect.ts';

/** What the wrapper said first. */
export interface Header {
  readonly group: number;
  readonly how: string;
}

export type Ending =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'killed'; readonly signalName: string }
  | { readonly kind: 'stopped'; readonly why: 'signal' | 'idle' | 'output' }
  /** The channel closed without an exit status. */
  | { readonly kind: 'lost' };

export interface Talk {
  readonly header: Header | undefined;
  readonly ending: Ending;
}

export interface TalkOptions {
  readonly input: Uint8Array;
  readonly token: string;
  readonly clock: Clock;
  readonly idleMs: number | undefined;
  readonly maxBytes: number;
  readonly stop: AbortSignal;
  out(chunk: Buffer): void;
  error(chunk: Buffer): void;
}

/** What a login shell may print before the wrapper speaks. */
const MAX_PREAMBLE_BYTES = 65_536;

/** Gives a channel its input and its output away, until it closes or has to be stopped. The channel is left open then. */
export async function talk(channel: Channel, options: TalkOptions): Promise<Talk> {
  const header = headerReader(options.token);
  const ending = Promise.withResolvers<Ending>();
  const watching = new AbortController();
  let heardMs = options.clock.monotonicMs();
  let sizeBytes = 0;
  const heard = (chunk: Buffer): void => {
    heardMs = options.clock.monotonicMs();
    sizeBytes += chunk.length;
    if (sizeBytes > options.maxBytes) ending.resolve({ kind: 'stopped', why: 'output' });
  };
  const stop = (): void => ending.resolve({ kind: 'stopped', why: 'signal' });
  channel.on('data', (chunk: Buffer) => {
    heard(chunk);
    if (sizeBytes <= options.maxBytes) options.out(header.read(chunk));
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    heard(chunk);
    if (sizeBytes <= options.maxBytes) options.error(chunk);
  });
  channel.on('exit', (exitCode: number | null, signalName?: string) => {
    const ended: Ending =
      exitCode === null ? { kind: 'killed', signalName: `${signalName}` } : { kind: 'exited', exitCode };
    channel.once('close', () => ending.resolve(ended));
  });
  channel.once('close', () => queueMicrotask(() => ending.resolve({ kind: 'lost' })));
  channel.on('error', () => ending.resolve({ kind: 'lost' }));
  if (options.stop.aborted) stop();
  options.stop.addEventListener('abort', stop, { once: true });
  if (options.idleMs !== undefined) {
    void silence({ ...options, idleMs: options.idleMs, heardMs: () => heardMs }, watching.signal).then(
      (isSilent) => {
        if (isSilent) ending.resolve({ kind: 'stopped', why: 'idle' });
      },
    );
  }
  channel.end(options.input);
  try {
    return { ending: await ending.promise, header: header.header() };
  } finally {
    watching.abort();
    options.stop.removeEventListener('abort', stop);
  }
}

/** Finds the wrapper's first line, and gives what follows it. */
export function headerReader(token: string) {
  let preamble = Buffer.alloc(0);
  let found: Header | undefined;
  return {
    header: () => found,
    read: (chunk: Buffer): Buffer => {
      if (found !== undefined) return chunk;
      preamble = Buffer.concat([preamble, chunk]).subarray(-MAX_PREAMBLE_BYTES);
      const at = preamble.indexOf(`${token} `);
      const end = at < 0 ? -1 : preamble.indexOf('\n', at);
      if (end < 0) return Buffer.alloc(0);
      const [, group, how = ''] = preamble.subarray(at, end).toString('latin1').split(' ');
      found = { group: Number(group), how };
      const rest = preamble.subarray(end + 1);
      preamble = Buffer.alloc(0);
      return rest;
    },
  };
}
