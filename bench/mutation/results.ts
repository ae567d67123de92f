import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import type { ModuleResult } from './report.ts';

/** Where a module's last result is; the other files of a run are beside it under the same name. */
export function resultPath(folder: string, moduleName: string): string {
  return join(folder, moduleName.replaceAll(' ', '-'));
}

export function keepResult(folder: string, result: ModuleResult): void {
  writeFileSync(`${resultPath(folder, result.name)}.json`, JSON.stringify(result, null, 1));
}

/** Undefined when the module was never run here. */
export function lastResult(folder: string, moduleName: string): ModuleResult | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(`${resultPath(folder, moduleName)}.json`, 'utf8'));
    return isResult(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Written by ourselves: its shape is looked at, and not each of thousands of fields. */
function isResult(value: unknown): value is ModuleResult {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'mutants' in value &&
    Array.isArray(value.mutants) &&
    value.mutants.every(isMutant)
  );
}

function isMutant(value: unknown): value is Mutant {
  return typeof value === 'object' && value !== null && 'file' in value && 'isKilled' in value;
}
