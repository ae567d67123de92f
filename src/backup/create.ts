import { type CaptureInput, captureBackup } from './capture.ts';
import { type CreatedBackup, proveAndPublish } from './publish.ts';
import type { BackupDeps } from './types.ts';

/** Captures, reads back, starts, proves and publishes one backup. Throws as its two halves do. */
export async function createBackup(deps: BackupDeps, input: CaptureInput = {}): Promise<CreatedBackup> {
  return proveAndPublish(deps, await captureBackup(deps, input), input);
}
