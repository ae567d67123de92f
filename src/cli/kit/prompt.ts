import { on } from 'node:events';
import { createInterface } from 'node:readline';
import { OmpayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';

const MAX_INPUT_BYTES = 65_536;
const CONTROL = {
  interrupt: '\u0003',
  end: '\u0004',
  backspace: '\u0008',
  delete: '\u007f',
  clear: '\u0015',
};

/** Whether somebody can be asked. */
export function isAskable(): boolean {
  return process.stdin.isTTY === true;
}

/** Asks on the terminal; questions go to stderr, so that stdout holds results alone. Empty: the `fallback`. */
export async function ask(question: string, fallback: string, signal: AbortSignal): Promise<string> {
  const shown = fallback === '' ? `${question}: ` : `${question} [${fallback}]: `;
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => reject(interrupted()));
      lines.once('close', () => reject(interrupted()));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      lines.question(shown, resolve);
    });
    return answer.trim() === '' ? fallback : answer.trim();
  } finally {
    lines.close();
  }
}

/** Without echo on a terminal, else all of stdin but its last line break. Throws `usage` for more than 64 KiB. */
export async function askSecret(question: string, signal: AbortSignal): Promise<Secret> {
  if (!isAskable()) return new Secret((await readAll(signal)).replace(/\r?\n$/, ''));
  // First: what is typed as soon as the question is there must not be echoed.
  process.stdin.setRawMode(true);
  process.stderr.write(`${question}: `);
  try {
    return new Secret(await typedLine(signal));
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stderr.write('\n');
  }
}

async function readAll(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (): void => {
    process.stdin.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  for await (const chunk of process.stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > MAX_INPUT_BYTES) throw tooLong();
    chunks.push(buffer);
  }
  signal.removeEventListener('abort', stop);
  return Buffer.concat(chunks).toString('utf8');
}

/** Raw keys as far as Enter: in this mode the terminal edits nothing and turns Ctrl-C into no signal. */
async function typedLine(signal: AbortSignal): Promise<string> {
  let typed: readonly string[] = [];
  const chunks = on(process.stdin, 'data', { signal, close: ['end', 'close'] });
  process.stdin.resume();
  try {
    for await (const [chunk] of chunks) {
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n') return typed.join('');
        if (key === CONTROL.interrupt || key === CONTROL.end) throw interrupted();
        typed = afterKey(typed, key);
        if (typed.length > MAX_INPUT_BYTES) throw tooLong();
      }
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
  throw interrupted();
}

function afterKey(typed: readonly string[], key: string): readonly string[] {
  if (key === CONTROL.backspace || key === CONTROL.delete) return typed.slice(0, -1);
  if (key === CONTROL.clear) return [];
  return [...typed, key];
}

function tooLong(): OmpayError {
  return new OmpayError('usage', `more than ${MAX_INPUT_BYTES} bytes were given`, { hint: 'give one value' });
}

function interrupted(): OmpayError {
  return new OmpayError('interrupted', 'interrupted at a question', { hint: 'nothing was written' });
}
