import { isoTime } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import { redacted } from '../core/redaction.ts';
import type { Secret } from '../core/secret.ts';
import type { ExecResult } from '../host/host.ts';
import type { HandlerContext, Handlers } from '../plan/act.ts';
import { HOOK_LIMIT_MS, HOOK_NAMES, type HookName } from '../plan/hook-plan.ts';
import { isJsonObject, type JsonObject } from '../plan/plan.ts';
import { sh } from '../shell/line.ts';
import { hookPath } from './find.ts';

export interface HookKit {
  readonly layout: Layout;
  /** The command, the environment, the run and who acts: told to every hook. */
  readonly identity: JsonObject;
  /** What must not come into the journal. */
  readonly secrets: readonly Secret[];
  /** Unless told, HOOK_LIMIT_MS. */
  readonly limitMs?: number;
}

/** Of what a hook wrote, its end is kept. */
const MAX_KEPT_CHARACTERS = 4000;
/** Linux bounds one argument or variable to 128 KiB; errors can quote whole outputs. */
const MAX_FACTS_BYTES = 64 * 1024;

/**
 * `hook.run`: one script, with the facts of the operation. One that fails throws `checkBlocked` when its name begins with
 * `pre-`, which stops the operation; later ones can stop nothing any more, and their failure is in what is given.
 */
export function hookHandlers(kit: HookKit): Handlers {
  return {
    'hook.run': async (input, context) => {
      const hook = HOOK_NAMES.find((name) => name === input.hook);
      if (hook === undefined) throw new TypeError(`no hook is named ${JSON.stringify(input.hook)}`);
      const facts = { hook, ...kit.identity, at: isoTime(context.clock.now()), ...factsIn(input) };
      return hook.startsWith('pre-')
        ? runBefore({ ...kit, hook, facts }, context)
        : runAfter({ ...kit, hook, facts }, context);
    },
  };
}

interface HookRun extends HookKit {
  readonly hook: HookName;
  readonly facts: JsonObject;
}

async function runBefore(run: HookRun, context: HandlerContext): Promise<JsonObject> {
  const result = await runScript(run, context);
  if (result.exitCode === 0) return outputOf(run, result);
  const { stdout, stderr } = outputOf(run, result);
  const said = String(stderr || stdout || 'it wrote nothing')
    .split('\n')
    .slice(-5)
    .join('\n');
  throw new OmpayError('checkBlocked', `the hook ${run.hook} ${endOf(result)}: ${said}`, {
    hint: `mend what it says, or the hook itself: ${hookPath(run.layout, run.hook)}`,
  });
}

async function runAfter(run: HookRun, context: HandlerContext): Promise<JsonObject> {
  try {
    return outputOf(run, await runScript(run, context));
  } catch (error) {
    context.signal.throwIfAborted();
    return { exitCode: null, shown: `failed: ${redacted(messageOf(error), run.secrets)}` };
  }
}

/** zx's names (`$`, `fetch`, `fs` …) are there for a script without an import, wherever its folder is. */
async function runScript(run: HookRun, { host, signal }: HandlerContext): Promise<ExecResult> {
  const { layout, hook, facts, limitMs = HOOK_LIMIT_MS } = run;
  const text = JSON.stringify(facts);
  if (Buffer.byteLength(text) > MAX_FACTS_BYTES) throw new RangeError(`the facts for ${hook} are too large`);
  const program = sh`${process.execPath} --import ${import.meta.resolve('zx/globals')} ${hookPath(layout, hook)}`;
  const line = sh`cd ${layout.root} && OMPAY_HOOK=${hook} OMPAY_FACTS=${text} exec ${program}`;
  return host.exec(line, { stdin: `${text}\n`, timeoutMs: limitMs, signal });
}

function outputOf({ secrets }: HookRun, result: ExecResult): JsonObject {
  const kept = (text: string): string => redacted(text, secrets).slice(-MAX_KEPT_CHARACTERS);
  return {
    exitCode: result.exitCode,
    stdout: kept(result.stdout),
    stderr: kept(result.stderr),
    shown: result.exitCode === 0 ? '' : `failed: it ${endOf(result)}`,
  };
}

function endOf({ exitCode, signalName }: ExecResult): string {
  return exitCode === null ? `was ended by ${signalName ?? 'a signal'}` : `exited ${exitCode}`;
}

function factsIn({ facts }: JsonObject): JsonObject {
  return isJsonObject(facts) ? facts : {};
}
