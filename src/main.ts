import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Output } from './cli/command.ts';
import { commands } from './cli/index.ts';
import { parse } from './cli/program.ts';
import { systemClock } from './core/clock.ts';
import { messageOf, OmpayError } from './core/errors.ts';
import { localLayout } from './core/layout.ts';

const programRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..');

process.exitCode = await main(process.argv.slice(2));

/** argv -> command -> exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  try {
    const version = packageVersion();
    const parsed = await parse(argv, commands, version);
    if (parsed.kind === 'printed') return 0;
    const { module, command, args } = parsed.parsed;
    return await module.run({
      command,
      args,
      layout: localLayout(parsed.options.directory ?? programRoot),
      programRoot,
      version,
      clock: systemClock,
      output: output(parsed.options.json),
      environment: process.env,
      signal: interruption(),
    });
  } catch (error) {
    return reportError(error, json);
  }
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(resolve(programRoot, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0';
}

function output(json: boolean): Output {
  let outlive = false;
  // A reader that went away (`ompay logs | head`) ends a command that only looks, quietly.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' && !outlive) process.exit(0);
  });
  return {
    json,
    isTerminal: process.stdout.isTTY === true,
    write: (text) => {
      process.stdout.write(text);
    },
    outliveReader: () => {
      outlive = true;
    },
  };
}

/**
 * One abort for the first signal; a later one only says that the undo still runs. The listeners stay: a package of the
 * live list (signal-exit) kills the process when it finds none but its own.
 */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted)
        process.stderr.write('undoing what was begun; it ends within its time limits\n');
      controller.abort(
        new OmpayError('interrupted', `interrupted by ${signal}`, {
          hint: 'what was begun was undone; run the command again when ready',
        }),
      );
    });
  }
  return controller.signal;
}

function reportError(error: unknown, json: boolean): number {
  const known = error instanceof OmpayError;
  const code = known ? error.code : 'internal';
  const hint = known ? error.hint : 'this is a fault of ompay itself: please report it';
  if (json) {
    process.stdout.write(`${JSON.stringify({ type: 'error', code, message: messageOf(error), hint })}\n`);
  } else {
    process.stderr.write(`error: ${messageOf(error)}\n  next: ${hint}\n`);
    if (!known && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  }
  return known ? error.exitCode : 6;
}
