import type {
  FileResource,
  FolderResource,
  PackageResource,
  SettingResource,
  UnitResource,
} from './resource.ts';

/** The resources that roles declare most, in a word each. */

const ROOT = { owner: 'root', group: 'root' } as const;

export function packages(...names: readonly string[]): readonly PackageResource[] {
  return names.map((name) => ({ kind: 'package', name }));
}

/** Root's, readable by all unless told. */
export function rootFile(file: Pick<FileResource, 'path' | 'content'> & Partial<FileResource>): FileResource {
  return { kind: 'file', mode: 0o644, ...ROOT, ...file };
}

export function rootFolder(path: string, mode = 0o755): FolderResource {
  return { kind: 'folder', path, mode, ...ROOT };
}

/** A unit that is to run, now and after each start of the host. */
export function running(name: string): UnitResource {
  return { kind: 'unit', name, isEnabled: true, isActive: true };
}

const SETTING_MS = 60_000;

export function setting(
  each: Pick<SettingResource, 'name' | 'holds' | 'apply'> & Partial<SettingResource>,
): SettingResource {
  return { kind: 'setting', timeoutMs: SETTING_MS, ...each };
}
