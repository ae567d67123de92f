import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { AuditAction } from '../../../api/audit/event.ts';
import { writeAudit } from '../../../api/audit/write.ts';
import { keyId } from '../../../api/auth/keys.ts';
import { type KeyVariables, ROTATION } from '../../../config/key-rotation.ts';
import { loadApiSettings } from '../../../config/load.ts';
import { OmpayError } from '../../../core/errors.ts';
import { keepEnvironment, readEnvironment } from '../../../deploy/environment.ts';
import { releaseEnvironment } from '../../../deploy/handlers/release.ts';
import { hasOption, type Invocation } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { localKit } from '../../kit/local.ts';
import { actor, note, withLock } from '../../operation.ts';

const KEY_BYTES = 32;

interface RotationStep {
  readonly action: AuditAction;
  readonly variables: KeyVariables;
  readonly said: string;
}

export function configure(command: Command): void {
  command.option('--undo', 'one step back');
}

/**
 * One step of a rotation: run, deploy, run, deploy. First a next key is made known to every process, then it seals. The
 * keys stay in the installation's environment (0600); only their ids are told.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { command, layout, output } = invocation;
  const undo = hasOption(command, 'undo');
  const { action, id, said } = await withLock(invocation, 'api keys rotate', async () => {
    const variables = readEnvironment(layout.environment);
    const step = undo ? undoStep(variables) : await nextStep(invocation, variables);
    const key = idOf(step.variables, step.action === 'keys.prepared' ? 'next' : 'present');
    // The trail is told first: a key that seals without a word of it there could not be dated.
    await withApi(layout, invocation.clock, ({ database, clock, staff }) =>
      database.transaction((trx) =>
        writeAudit(trx, database.dialect, [{ action: step.action, staff, detail: { key } }], clock.now()),
      ),
    );
    keepEnvironment(layout, step.variables);
    return { ...step, id: key };
  });
  note(invocation, `${action} ${id}`, { key: id, by: actor() });
  output.write(output.json ? `${JSON.stringify({ action, key: id })}\n` : `${said.replace('{id}', id)}\n`);
  return 0;
}

async function nextStep(invocation: Invocation, variables: KeyVariables): Promise<RotationStep> {
  if (variables.APP_NEXT_KEY) {
    await assertKnownToLive(invocation, variables.APP_NEXT_KEY);
    return {
      action: 'keys.rotated',
      variables: ROTATION.activate(variables),
      said: 'key {id} seals from the next deploy on\n  next: ompay deploy; after an hour: ompay api keys retire',
    };
  }
  const key = `base64:${randomBytes(KEY_BYTES).toString('base64')}`;
  return {
    action: 'keys.prepared',
    variables: ROTATION.prepare(variables, key),
    said: 'key {id} is made and seals nothing yet\n  next: ompay deploy, then ompay api keys rotate again',
  };
}

/** What the live process does not know yet, it could not read. */
async function assertKnownToLive(invocation: Invocation, nextKey: string): Promise<void> {
  const { layout } = invocation;
  const { live, slots } = await localKit(invocation).deployKit.facts();
  const release = live === null ? null : slots[live].release;
  const known =
    release !== null && readEnvironment(releaseEnvironment(layout, release)).APP_NEXT_KEY === nextKey;
  if (known) return;
  throw new OmpayError('checkBlocked', 'the live release does not know the next key yet', {
    hint: 'ompay deploy, then ompay api keys rotate again',
  });
}

function undoStep(variables: KeyVariables): RotationStep {
  return {
    action: 'keys.undone',
    variables: ROTATION.undo(variables),
    said: 'one step back: key {id} seals from the next deploy on\n  next: ompay deploy',
  };
}

function idOf(variables: KeyVariables, which: 'present' | 'next'): string {
  const { key, otherKeys } = loadApiSettings(variables);
  return keyId(which === 'next' ? (otherKeys[0] ?? key) : key);
}
