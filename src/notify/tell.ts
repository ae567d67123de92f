import type { TeamSettings } from '../config/team.ts';
import type { Clock } from '../core/clock.ts';
import { type KeptMessage, keepMessage } from './kept.ts';
import { mailChannel } from './mail.ts';
import type { Channel, ChannelAnswer, TeamMessage } from './message.ts';
import { webhookChannel } from './webhook.ts';

const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 500;

export interface TellRequest {
  readonly settings: TeamSettings;
  readonly message: TeamMessage;
  /** Where messages are kept: `.ompay/reports`. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Tells the team on every channel that is set up, at the same time, at most 3 tries each; keeps the message and what
 * each channel answered. At most 35 s. A channel that fails is an answer, never an error.
 * Throws the signal's reason, and `stateUnusable` when the message cannot be kept.
 */
export async function tellTeam(request: TellRequest): Promise<KeptMessage> {
  const { settings, message, folder, clock, signal } = request;
  const channels: readonly Channel[] = [
    ...(settings.webhook === null ? [] : [webhookChannel(settings.webhook, clock)]),
    ...(settings.mail === null ? [] : [mailChannel(settings.mail)]),
  ];
  // Kept before it leaves: who is killed here has still said what was to be told.
  keepMessage(folder, { message, nowMs: clock.now(), channels: channels.map(pending) });
  const answers = await Promise.all(channels.map((channel) => deliver(channel, message, { clock, signal })));
  return keepMessage(folder, { message, nowMs: clock.now(), channels: answers });
}

function pending({ name, to }: Channel): ChannelAnswer {
  return { channel: name, state: 'pending', to, tries: 0, answer: '' };
}

async function deliver(
  channel: Channel,
  message: TeamMessage,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal | undefined },
): Promise<ChannelAnswer> {
  const answered = { channel: channel.name, to: channel.to };
  for (let tries = 1; ; tries += 1) {
    const { kind, answer } = await channel.deliver(message, signal);
    if (kind === 'delivered') return { ...answered, state: 'delivered', tries, answer };
    if (kind === 'refused' || tries === MAX_TRIES) return { ...answered, state: 'failed', tries, answer };
    await clock.sleep(FIRST_PAUSE_MS * tries, signal);
  }
}
