import { chmodSync, chownSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { type CarrierKit, createCarrier, hasDiedBefore } from './carrier.ts';
import { carrierServer } from './server.ts';

/** What a line of `systemctl status` shows of it when systemd has started it again. */
const AGAIN = { owner: 'the carrier itself', reason: 'its process died' };

/**
 * Carries one run: listens on a socket of its own that the operator's user can open, until the run is over. When its process
 * died and systemd has started it again, it takes back what was switched and ends: the operator has lost it by then.
 */
export async function carry(
  kit: CarrierKit,
  { operatorUid, stop }: { readonly operatorUid: number; readonly stop: AbortSignal },
): Promise<void> {
  const hasDied = hasDiedBefore(kit);
  const carrier = createCarrier(kit);
  if (hasDied) {
    const { healed } = await carrier.begin(AGAIN);
    kit.say(`its process died; what it had begun: ${healed}`);
    return carrier.end();
  }
  const server = carrierServer(carrier);
  const socketPath = join(kit.paths.carriers, `${kit.run}.sock`);
  await listen(server, socketPath, { folder: kit.paths.carriers, operatorUid });
  stop.addEventListener('abort', () => void carrier.abandon().catch(() => {}), { once: true });
  await carrier.over;
  server.close();
  rmSync(socketPath, { force: true });
}

/** It gets its name once its owner is right, so whoever finds it can open it. */
async function listen(
  server: Server,
  socketPath: string,
  { folder, operatorUid }: { readonly folder: string; readonly operatorUid: number },
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  chmodSync(folder, 0o711);
  const early = `${socketPath}.part`;
  rmSync(early, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(early, resolve);
  });
  chmodSync(early, 0o600);
  chownSync(early, operatorUid, operatorUid);
  renameSync(early, socketPath);
}
