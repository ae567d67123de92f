import { basename } from 'node:path';
import { createStackParser, type Event, type Exception, exceptionFromError, uuid4 } from '@sentry/core';
import { nodeStackLineParser } from '@sentry/core/server';
import { scrub } from '../log/ecs.ts';
import type { Whereabouts } from './reporter.ts';

export interface EventParts {
  readonly release: string;
  readonly environment: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

const MOST_CAUSES = 5;
const MOST_CHARACTERS = 1_000;
const parseStack = createStackParser(nodeStackLineParser());

/**
 * Sentry's event (develop.sentry.dev, event payloads), written field by field: what is not named here does not leave,
 * whatever an error carries. Messages are scrubbed like those of the log; of files, only names are told.
 */
export function eventOf(
  error: unknown,
  where: Whereabouts,
  { release, environment, atMs }: EventParts,
): Event {
  return {
    event_id: uuid4(),
    timestamp: atMs / 1000,
    platform: 'node',
    logger: 'ompay-api',
    level: where.route === undefined ? 'fatal' : 'error',
    release,
    environment,
    // The oldest cause first, as Sentry shows them.
    exception: { values: chainOf(error).toReversed() },
    tags: { kind: where.kind, route: where.route, request_id: where.requestId },
  };
}

function chainOf(error: unknown): Exception[] {
  const chain: Exception[] = [];
  let each = error;
  while (each !== undefined && chain.length < MOST_CAUSES) {
    chain.push(exceptionOf(each));
    each = each instanceof Error ? each.cause : undefined;
  }
  return chain;
}

function exceptionOf(error: unknown): Exception {
  if (!(error instanceof Error)) return { type: 'thrown', value: shortened(String(error)) };
  const { stacktrace } = exceptionFromError(parseStack, error);
  // A frame has what its line of the stack says, and nothing of its variables.
  const frames = (stacktrace?.frames ?? []).map((frame) => ({
    ...frame,
    filename: basename(String(frame.filename)),
  }));
  return { type: error.name, value: shortened(error.message), stacktrace: { frames } };
}

function shortened(message: string): string {
  return scrub(message).slice(0, MOST_CHARACTERS);
}
