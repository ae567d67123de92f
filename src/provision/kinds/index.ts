import type { Kind } from '../kind.ts';
import type { ResourceKind } from '../resource.ts';
import { absentKind } from './absent.ts';
import { fileKind } from './file.ts';
import { firewallKind } from './firewall.ts';
import { folderKind } from './folder.ts';
import { packageKind } from './package.ts';
import { settingKind } from './setting.ts';
import { unitKind } from './unit.ts';
import { userKind } from './user.ts';

/** In the order in which they are looked at. */
export const KINDS: { readonly [K in ResourceKind]: Kind<K> } = {
  package: packageKind,
  user: userKind,
  folder: folderKind,
  file: fileKind,
  absent: absentKind,
  setting: settingKind,
  unit: unitKind,
  firewall: firewallKind,
};
