import type { Command } from 'commander';
import { writeAudit } from '../../../api/audit/write.ts';
import { keyId } from '../../../api/auth/keys.ts';
import {
  pinsUnderOlderKeys,
  rotatedAtMs,
  SHORT_LIVED_MS,
  sealAllAnew,
} from '../../../api/auth/retirement.ts';
import { ROTATION } from '../../../config/key-rotation.ts';
import { OmpayError } from '../../../core/errors.ts';
import { keepEnvironment, readEnvironment } from '../../../deploy/environment.ts';
import type { Invocation } from '../../command.ts';
import { type ApiKit, withApi } from '../../kit/api.ts';
import { actor, note, withLock } from '../../operation.ts';

export function configure(_command: Command): void {}

/** Forgets the former keys once nothing needs them: what is sealed for long is sealed anew first. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, layout, output } = invocation;
  const retired = await withLock(invocation, 'api keys retire', async () => {
    const variables = readEnvironment(layout.environment);
    if (variables.APP_NEXT_KEY) throw refusal('a rotation is under way', 'ompay api keys rotate, or --undo');
    if (!variables.APP_PREVIOUS_KEYS) return undefined;
    const done = await withApi(layout, clock, retire);
    keepEnvironment(layout, ROTATION.retire(variables));
    return done;
  });
  if (retired !== undefined) note(invocation, `keys ${retired.keys.join(', ')} retired`, { by: actor() });
  const said =
    retired === undefined
      ? 'there is no former key'
      : `retired: ${retired.keys.join(', ')}; ${retired.sealedAnew} rows were sealed anew\n  next: ompay deploy`;
  output.write(output.json ? `${JSON.stringify(retired ?? { keys: [], sealedAnew: 0 })}\n` : `${said}\n`);
  return 0;
}

async function retire(
  kit: ApiKit,
): Promise<{ readonly keys: readonly string[]; readonly sealedAnew: number }> {
  const { database, settings, clock, staff } = kit;
  const rotated = await rotatedAtMs(database, settings);
  if (rotated === undefined || clock.now() - rotated < SHORT_LIVED_MS) {
    throw refusal(
      'the rotation is less than an hour old: codes and locks under the former key still count',
      'wait',
    );
  }
  const pins = await pinsUnderOlderKeys(database, settings);
  if (pins > 0) {
    throw refusal(
      `${pins} PINs are still under a former key: each is sealed anew when it is used next`,
      'keep the key and ask again later; ompay api keys list counts them',
    );
  }
  const sealedAnew = await sealAllAnew(database, settings);
  const keys = settings.otherKeys.map(keyId);
  const event = { action: 'keys.retired', staff, detail: { keys: keys.join(',') } } as const;
  await database.transaction((trx) => writeAudit(trx, database.dialect, [event], clock.now()));
  return { keys, sealedAnew };
}

function refusal(message: string, hint: string): OmpayError {
  return new OmpayError('checkBlocked', message, { hint });
}
