/**
 * Messages that the host answers by itself, without the database (PostgreSQL protocol 3.0, "Message Formats";
 * codes from its appendix A, "PostgreSQL Error Codes").
 */
export const FATAL = {
  tooManyConnections: { code: '53300', message: 'sorry, too many clients already' },
  idleInTransaction: {
    code: '25P03',
    message: 'terminating connection due to idle-in-transaction timeout',
  },
  protocolViolation: { code: '08P01', message: 'the client broke the protocol' },
  shuttingDown: { code: '57P01', message: 'terminating connection: the database host is stopping' },
} as const;

export type FatalName = keyof typeof FATAL;

/** The ErrorResponse message after which the connection is closed. */
export function fatalReply(name: FatalName): Buffer {
  const { code, message } = FATAL[name];
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** The answer to a request for TLS or GSS: the socket is a file of this user alone, bytes go in clear. */
export const REFUSE_ENCRYPTION: Buffer = Buffer.from('N');
