import { chownSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OmpayError } from '../core/errors.ts';
import type { Host } from '../host/host.ts';
import { sh } from '../shell/line.ts';
import { baseFolder } from './base.ts';
import { hostNames } from './names.ts';
import { SEED_FOLDERS, type SeedFile } from './seed.ts';
import type { Lab, LabHost } from './types.ts';

const COPY_MS = 300_000;

/** Makes the host's disk unless it is there: filled beside its place, so that what has the name is whole. */
export async function makeDisk(
  machine: Host,
  { lab, host, seed }: { readonly lab: Lab; readonly host: LabHost; readonly seed: readonly SeedFile[] },
  signal: AbortSignal,
): Promise<void> {
  const { disk } = hostNames(lab.id, host.name, host.index);
  if (existsSync(disk)) return;
  const part = `${disk}.part`;
  const folders = ['root', 'upper', 'work'].map((name) => join(part, name));
  const clear = sh`rm -rf --one-file-system ${part} && mkdir -p ${folders}`;
  const copy = sh`cp -a --reflink=auto ${`${baseFolder(host.distribution)}/.`} ${join(part, 'root')}`;
  await done(machine, lab.disks === 'copy' ? sh`${clear} && ${copy}` : clear, signal);
  writeSeed(join(part, lab.disks === 'copy' ? 'root' : 'upper'), seed);
  renameSync(part, disk);
}

async function done(machine: Host, line: ReturnType<typeof sh>, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await machine.exec(line, { timeoutMs: COPY_MS, signal });
  if (exitCode === 0) return;
  throw new OmpayError(
    'commandFailed',
    `\`${line.shown}\` exited ${exitCode ?? 'by a signal'}: ${stderr.slice(-500)}`,
    {
      hint: 'see whether the disk is full: df -h /var/lib',
    },
  );
}

/** An overlay takes a folder's rights from its upper layer: they are those of the base image. */
function writeSeed(root: string, seed: readonly SeedFile[]): void {
  for (const { path, userId } of SEED_FOLDERS) {
    mkdirSync(join(root, dirname(path)), { recursive: true, mode: 0o755 });
    mkdirSync(join(root, path), { recursive: true, mode: 0o700 });
    chownSync(join(root, path), userId, userId);
  }
  for (const { path, content, mode, userId } of seed) {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(root, path), content, { mode });
    chownSync(join(root, path), userId, userId);
  }
}
