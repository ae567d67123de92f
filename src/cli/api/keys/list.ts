import type { Command } from 'commander';
import { keyId } from '../../../api/auth/keys.ts';
import { pinsUnderOlderKeys, rotatedAtMs } from '../../../api/auth/retirement.ts';
import { readEnvironment } from '../../../deploy/environment.ts';
import type { Invocation } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { shownTime } from '../../operation.ts';
import { table } from '../../render.ts';

export function configure(_command: Command): void {}

/** Ids and ages, never a key. */
export async function run({ clock, layout, output }: Invocation): Promise<number> {
  const hasNext = Boolean(readEnvironment(layout.environment).APP_NEXT_KEY);
  const keys = await withApi(layout, clock, async ({ database, settings }) => {
    const pins = await pinsUnderOlderKeys(database, settings);
    const rows = [settings.key, ...settings.otherKeys].map(async (key, place) => ({
      id: keyId(key),
      use: useOf(place, hasNext),
      sealsSinceMs: (await rotatedAtMs(database, { key, otherKeys: [] })) ?? null,
    }));
    return { keys: await Promise.all(rows), pinsUnderOlderKeys: pins };
  });
  if (output.json) output.write(`${JSON.stringify(keys)}\n`);
  else {
    output.write(
      table([
        { title: 'KEY', values: keys.keys.map(({ id }) => id) },
        { title: 'USE', values: keys.keys.map(({ use }) => use) },
        {
          title: 'SINCE',
          values: keys.keys.map(({ sealsSinceMs }) =>
            sealsSinceMs === null ? '-' : shownTime(sealsSinceMs),
          ),
        },
      ]),
    );
    output.write(`${keys.pinsUnderOlderKeys} PINs are not under the present key yet\n`);
  }
  return 0;
}

function useOf(place: number, hasNext: boolean): 'present' | 'next' | 'former' {
  if (place === 0) return 'present';
  return hasNext && place === 1 ? 'next' : 'former';
}
