import type { Command } from 'commander';
import { OmpayError } from '../core/errors.ts';
import { redacted } from '../core/redaction.ts';
import type { Secret } from '../core/secret.ts';
import { Gate } from '../host/gate.ts';
import type { ExecResult, Host, HostName } from '../host/host.ts';
import { shownError } from '../plan/run.ts';
import { type Shell, sh } from '../shell/line.ts';
import { type Invocation, textOption } from './command.ts';
import { chosenOf, hostsOption } from './kit/chosen.ts';
import { environmentOption } from './kit/environment.ts';
import { withFleet } from './kit/fleet-hosts.ts';
import { knownSecrets } from './kit/known-secrets.ts';
import { note } from './operation.ts';
import { paint } from './render.ts';

const MAX_SECONDS = 3600;
/** Each takes one session and, at most, 16 MiB of output. */
const HOSTS_AT_ONCE = 10;

export function configure(command: Command): void {
  hostsOption(environmentOption(command))
    .argument('<words...>', 'the command after --; one word alone is a line for a shell')
    .option('--seconds <n>', `end it after so long, 1 to ${MAX_SECONDS}`, '60');
}

/** What came of it on one host. */
interface HostEnd {
  readonly host: HostName;
  /** Of the command; null when a signal ended it, or it did not come to its end. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why there is no result, with the exit code of this process. */
  readonly error?: { readonly message: string; readonly hint: string; readonly code: number };
}

/**
 * Runs a command as root on the chosen hosts, in parallel, and shows each host's output when it has ended there. Exit 0 when
 * all ended with 0; else of the first that did not, in the order of their names: 6 for another exit code, 7 for a host that
 * was not reached or a time limit.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { config, names } = chosenOf(invocation);
  const timeoutMs = secondsOf(invocation.command) * 1000;
  const secrets = await knownSecrets(invocation, config.name);
  const shown = redacted(invocation.args.join(' '), secrets);
  const line = lineOf(invocation.args);
  note(invocation, `exec on ${names.join(', ')}: ${shown}`, {
    command: 'exec',
    environment: config.name,
    hosts: names,
    line: shown,
  });
  invocation.output.outliveReader();
  const gate = new Gate(HOSTS_AT_ONCE);
  const ends = await withFleet(invocation, config, { names }, ({ hosts }) =>
    Promise.all(
      names
        .flatMap((name) => hosts[name] ?? [])
        .map((host) =>
          gate.pass(async () => {
            const end = masked(await endOn(host, line, { timeoutMs, signal: invocation.signal }), secrets);
            show(invocation, end);
            return end;
          }),
        ),
    ),
  );
  note(invocation, `exec ended: ${ends.map((end) => `${end.host} ${resultOf(end)}`).join(', ')}`, {
    command: 'exec',
    environment: config.name,
    exitCodes: Object.fromEntries(ends.map(({ host, exitCode }) => [host, exitCode])),
  });
  invocation.signal.throwIfAborted();
  return codeOf(ends.find((end) => end.exitCode !== 0));
}

/** Several words are a command and its arguments, each as it is; one word is a line: `-- 'df -h | tail -1'`. */
function lineOf(words: readonly string[]): Shell {
  return words.length === 1 ? sh`sh -c ${words[0] ?? ''}` : sh`${words}`;
}

async function endOn(
  host: Host,
  line: Shell,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<HostEnd> {
  try {
    const { exitCode, signalName, stdout, stderr }: ExecResult = await host.exec(line, limits);
    const by = signalName === undefined ? '' : `ended by ${signalName}`;
    return {
      host: host.name,
      exitCode,
      stdout,
      stderr: [stderr, by].filter((text) => text !== '').join('\n'),
    };
  } catch (error) {
    const { message, hint } = shownError(error);
    const code = error instanceof OmpayError ? error.exitCode : 6;
    return { host: host.name, exitCode: null, stdout: '', stderr: '', error: { message, hint, code } };
  }
}

function masked(end: HostEnd, secrets: readonly Secret[]): HostEnd {
  // What an operator asked a host is shown as it is, but for what is known to be a secret of this environment.
  const withoutKnown = (text: string): string =>
    secrets.reduce((shown, secret) => {
      const value = secret.reveal();
      return value.length < 4 ? shown : shown.replaceAll(value, '***');
    }, text);
  return { ...end, stdout: withoutKnown(end.stdout), stderr: withoutKnown(end.stderr) };
}

function show({ output }: Invocation, end: HostEnd): void {
  if (output.json) {
    output.write(`${JSON.stringify(end)}\n`);
    return;
  }
  const mark = end.exitCode === 0 ? paint.good('✔') : paint.bad('✖');
  const lines = [
    end.stdout,
    end.stderr,
    end.error === undefined ? '' : `${end.error.message}\n  next: ${end.error.hint}`,
  ];
  const body = lines.filter((text) => text !== '').map((text) => `${text}\n`);
  output.write(`${mark} ${paint.strong(end.host)} ${paint.faint(resultOf(end))}\n${body.join('')}`);
}

function resultOf({ exitCode, error }: HostEnd): string {
  if (error !== undefined) return 'no result';
  return exitCode === null ? 'signal' : `exit ${exitCode}`;
}

function codeOf(failed: HostEnd | undefined): number {
  if (failed === undefined) return 0;
  return failed.error?.code ?? 6;
}

function secondsOf(command: Command): number {
  const text = textOption(command, 'seconds');
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new OmpayError(
    'usage',
    `--seconds must be a whole number from 1 to ${MAX_SECONDS}, seen ${JSON.stringify(text)}`,
    { hint: 'ompay exec -e staging --seconds 60 -- uptime' },
  );
}
