import { connect } from 'node:net';

/** SSH (RFC 4253, 4.2): the server speaks first, and its first line begins so. */
const GREETING = 'SSH-2.0-';
const PORT = 22;

/** Whether sshd at the address greets within the time. */
export function sshAnswers(address: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: PORT, signal: AbortSignal.timeout(timeoutMs) });
    let seen = '';
    socket.on('data', (bytes: Buffer) => {
      seen += bytes.toString('latin1');
      if (seen.length >= GREETING.length) end(seen.startsWith(GREETING));
    });
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    function end(answers: boolean): void {
      socket.destroy();
      resolve(answers);
    }
  });
}
