import { totalmem } from 'node:os';

const MIB = 1024 * 1024;

/** A server of ours is the guest of this machine: some share of its memory, and no more than it makes use of. */
export function bufferPool({ share, mostMib }: { readonly share: number; readonly mostMib: number }): string {
  const mib = Math.floor((totalmem() * share) / MIB);
  return `--innodb-buffer-pool-size=${Math.max(32, Math.min(mostMib, mib))}M`;
}
