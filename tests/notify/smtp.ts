import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SmtpServer {
  readonly port: number;
  /** Every line of the clients, in order; a message's lines too. */
  readonly heard: string[];
}

/**
 * A small mail server of the test's own over node:net: it speaks as much of RFC 5321 as one message takes, with
 * AUTH PLAIN and without STARTTLS. `replies` replaces its answer to a verb (`MAIL`, `DATA`, `AUTH`); `''` is silence.
 */
export async function smtpServer(replies: Readonly<Record<string, string>> = {}): Promise<SmtpServer> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    converse(socket, heard, replies);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { port: address.port, heard };
}

const REPLIES: Readonly<Record<string, string>> = {
  EHLO: '250-test\r\n250 AUTH PLAIN',
  AUTH: '235 welcome',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  '.': '250 queued',
  QUIT: '221 bye',
  RSET: '250 ok',
};

function converse(socket: Socket, heard: string[], replies: Readonly<Record<string, string>>): void {
  let rest = '';
  let inMessage = false;
  const say = (verb: string): void => {
    const reply = replies[verb] ?? REPLIES[verb] ?? '500 what?';
    if (reply !== '') socket.write(`${reply}\r\n`);
  };
  socket.write('220 test ESMTP\r\n');
  socket.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      heard.push(line);
      if (inMessage && line !== '.') continue;
      const verb = line.split(' ')[0]?.toUpperCase() ?? '';
      say(verb);
      inMessage = verb === 'DATA' && (replies.DATA ?? '354').startsWith('354');
    }
  });
}
