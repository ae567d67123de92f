import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { LOCAL } from '../config/yml/project.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { hasOption, type Invocation, textOption } from './command.ts';
import { hostsOption } from './kit/chosen.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { logsOfFleet } from './kit/fleet-logs.ts';
import { paint } from './render.ts';
import { readableLine } from './render-log.ts';

const SERVICES = ['blue', 'green', 'front', 'database', 'supervisor'] as const;
type Service = (typeof SERVICES)[number];

const POLL_MS = 200;
/** Read from the end of each file for the first lines; a line of the API has about 300 bytes. */
const TAIL_BYTES = 512 * 1024;

export function configure(command: Command): void {
  hostsOption(environmentOption(command))
    .argument(
      '[services...]',
      `which: ${SERVICES.join(', ')} (default: all); on servers slot, nginx or system`,
    )
    .option('--since <when>', 'on servers: from then on; 30m, 2h, 1d or a time')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-n, --lines <n>', 'how many lines of each to begin with', '20');
}

export async function run(invocation: Invocation): Promise<number> {
  if (environmentName(invocation) !== LOCAL) return logsOfFleet(invocation);
  const { args, clock, command, layout, output, signal } = invocation;
  const tails = wantedServices(args).map((service) => newTail(service, join(layout.logs, `${service}.log`)));
  const lines = Number(textOption(command, 'lines'));
  if (!Number.isInteger(lines) || lines < 0) {
    throw new OmpayError(
      'usage',
      `--lines must be a whole number, seen ${JSON.stringify(textOption(command, 'lines'))}`,
      { hint: 'ompay logs --lines 50' },
    );
  }
  for (const tail of tails)
    for (const line of readNew(tail).slice(lines === 0 ? Number.MAX_SAFE_INTEGER : -lines))
      print(invocation, tail, line);
  if (tails.every((tail) => tail.inode === undefined)) {
    output.write(output.json ? '' : 'nothing was logged yet; start with: ompay deploy\n');
  }
  while (hasOption(command, 'follow') && !signal.aborted) {
    await clock.sleep(POLL_MS, signal).catch(() => {});
    for (const tail of tails) for (const line of readNew(tail)) print(invocation, tail, line);
  }
  return 0;
}

function wantedServices(args: readonly string[]): readonly Service[] {
  if (args.length === 0) return SERVICES;
  return args.map((arg) => {
    const service = SERVICES.find((each) => each === arg);
    if (service !== undefined) return service;
    throw new OmpayError(
      'usage',
      `no service is named ${JSON.stringify(arg)}; there are ${SERVICES.join(', ')}`,
      { hint: 'ompay logs blue green' },
    );
  });
}

interface Tail {
  readonly service: Service;
  readonly path: string;
  inode: number | undefined;
  offset: number;
  /** The beginning of a line whose end is not written yet. */
  rest: string;
}

function newTail(service: Service, path: string): Tail {
  return { service, path, inode: undefined, offset: 0, rest: '' };
}

/** The whole lines written since the last call; starts again at the beginning of a file that was rotated. */
function readNew(tail: Tail): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(tail.path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  try {
    const { ino, size } = fstatSync(descriptor);
    if (tail.inode === undefined) tail.offset = Math.max(0, size - TAIL_BYTES);
    else if (tail.inode !== ino || size < tail.offset) tail.offset = 0;
    tail.inode = ino;
    const bytes = Buffer.alloc(size - tail.offset);
    readSync(descriptor, bytes, 0, bytes.length, tail.offset);
    tail.offset = size;
    const parts = (tail.rest + bytes.toString('utf8')).split('\n');
    tail.rest = parts.pop() ?? '';
    return parts;
  } finally {
    closeSync(descriptor);
  }
}

function print({ output }: Invocation, tail: Tail, line: string): void {
  if (output.json) output.write(`${JSON.stringify({ service: tail.service, line })}\n`);
  else output.write(`${paint.faint(`${tail.service.padEnd(10)}|`)} ${readableLine(line)}\n`);
}
