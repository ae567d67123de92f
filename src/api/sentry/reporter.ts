/** Takes errors that nobody foresaw out of the house. Never throws, and nobody waits for it. */
export interface ErrorReporter {
  report(error: unknown, where: Whereabouts): void;
  /** Ends when all is sent, or after the limit. */
  close(limitMs: number): Promise<void>;
}

/** All that is told beside the error itself: nothing of who asked, or for what. */
export interface Whereabouts {
  /** The name of the API's error, or how the error was met: `unhandledRejection` and so on. */
  readonly kind: string;
  /** The route's pattern. */
  readonly route?: string | undefined;
  readonly requestId?: string | undefined;
}

export const NO_REPORTER: ErrorReporter = { report: () => {}, close: async () => {} };
