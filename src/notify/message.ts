/** What the team is told about one run. No secrets. */
export interface TeamMessage {
  readonly run: string;
  readonly subject: string;
  readonly text: string;
  /** The same for programs; flat. */
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/** How a channel ended. Nothing in it is a secret: a webhook is named by its host, a mail by its addresses. */
export interface ChannelAnswer {
  readonly channel: 'webhook' | 'mail';
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly to: string;
  readonly tries: number;
  /** What the other side said, or why nothing came. */
  readonly answer: string;
}

/** One try to deliver: what was said, and whether another could end better. */
export type TryOutcome =
  | { readonly kind: 'delivered'; readonly answer: string }
  | { readonly kind: 'refused' | 'unanswered'; readonly answer: string };

/** One way to the team. `deliver` gives an outcome and throws only for the signal's reason. */
export interface Channel {
  readonly name: ChannelAnswer['channel'];
  readonly to: string;
  deliver(message: TeamMessage, signal: AbortSignal | undefined): Promise<TryOutcome>;
}
