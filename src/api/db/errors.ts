/** The connection died under a statement: outside COMMIT, nothing that it did was kept. */
export class ConnectionLostError extends Error {
  constructor(cause: unknown) {
    super('the connection to the database was lost', { cause });
    this.name = 'ConnectionLostError';
  }
}

/** The connection died during COMMIT: the transaction may have been kept, whole, or not at all. */
export class CommitUnknownError extends Error {
  constructor(cause: unknown) {
    super('the connection was lost during COMMIT: whether the transaction was kept is unknown', { cause });
    this.name = 'CommitUnknownError';
  }
}

export function isConnectionLost(error: unknown): boolean {
  return error instanceof ConnectionLostError;
}
