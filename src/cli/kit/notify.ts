import { join } from 'node:path';
import { loadTeamSettings } from '../../config/team.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import type { KeptMessage } from '../../notify/kept.ts';
import { tellTeam } from '../../notify/tell.ts';
import type { Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { messageOf } from '../../report/message.ts';
import { gatherReport, reportsFolder } from '../../report/write.ts';

interface NotifyKit {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly run: string;
}

/** `team.tell`: what the journal holds of this run so far. Give it 45 s. */
export function notifyHandlers(kit: NotifyKit): Handlers {
  return { 'team.tell': (_input, { signal }) => tellOfRun({ ...kit, signal }) };
}

/**
 * Tells the team of a run, from its lines in the journal; for the end of a run that failed too. That nobody could be
 * told is in the output and no error: it must not undo a deploy that is well. Throws the signal's reason alone.
 */
export async function tellOfRun(kit: NotifyKit & { readonly signal?: AbortSignal }): Promise<JsonObject> {
  const { layout, clock, run, signal } = kit;
  try {
    const variables = readEnvironment(join(layout.root, '.env'));
    const settings = loadTeamSettings(variables);
    const message = messageOf(await gatherReport({ layout, clock, run }), variables.APP_ENV || 'local');
    const folder = reportsFolder(layout);
    return outputOf(
      await tellTeam({ settings, message, folder, clock, ...(signal === undefined ? {} : { signal }) }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof OmpayError)) throw error;
    return { state: 'failed', channels: [], shown: `the team was not told: ${error.message}` };
  }
}

function outputOf({ state, channels }: KeptMessage): JsonObject {
  const each = channels.map(({ channel, to, state: ended, tries, answer }) => {
    const after = tries > 1 ? ` after ${tries} tries` : '';
    return `${channel} to ${to} ${ended} (${answer})${after}`;
  });
  const shown =
    each.length === 0 ? 'not configured: set TEAM_WEBHOOK_URL or TEAM_MAIL_TO in .env' : each.join('; ');
  return { state, channels: channels.map((channel) => ({ ...channel })), shown };
}
