import type { HostName, HttpTarget } from '../host/host.ts';
import type { Shell } from '../shell/line.ts';

/** What a handler is given: plain data, so that a plan can be printed, journalled and read again. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface ExecAction {
  readonly kind: 'exec';
  readonly line: Shell;
  readonly timeoutMs: number;
}

export interface PutAction {
  readonly kind: 'put';
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** Asks until the status is there. Each try is a connection of its own. */
export interface WaitHttpAction {
  readonly kind: 'waitHttp';
  readonly target: HttpTarget;
  readonly path: string;
  readonly status: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Work that a shell line cannot say, by name in the command's table of handlers. */
export interface CallAction {
  readonly kind: 'call';
  readonly handler: string;
  readonly input: JsonObject;
  readonly timeoutMs: number;
}

export type Action = ExecAction | PutAction | WaitHttpAction | CallAction;

export interface Step {
  /** Unique in its plan; the journal and `--plan` name it. */
  readonly id: string;
  readonly title: string;
  readonly on: HostName;
  readonly action: Action;
  /** The step is skipped when this line exits 0. */
  readonly unless?: Shell;
  /** Run when this step or a later one fails, so it must be safe when its step did nothing. */
  readonly undo?: Action;
}

/** Hosts in parallel, each host's steps in order. */
export interface Stage {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly stages: readonly Stage[];
}

export function stepsOf(plan: Plan): readonly Step[] {
  return plan.stages.flatMap((stage) => stage.steps);
}

export function call(handler: string, input: JsonObject, timeoutMs: number): CallAction {
  return { kind: 'call', handler, input, timeoutMs };
}
