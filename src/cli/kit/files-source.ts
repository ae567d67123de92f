import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { LOCAL } from '../../config/yml/project.ts';
import type { FilesSource } from '../../engine/files/capture.ts';
import { hooksFolder } from '../../hooks/find.ts';
import type { Invocation } from '../command.ts';
import type { SiteBackups } from './backup-site.ts';

/** What of an installation is not the database: its configuration, secrets as they lie (sealed), logs, and Redis. */
export async function filesSource({ layout, clock }: Invocation, deps: SiteBackups): Promise<FilesSource> {
  // `.env` has secrets in the clear: the archive is sealed before it leaves this process.
  const own = deps.site === LOCAL ? ['.env', relative(layout.root, layout.environment)] : [];
  return {
    name: hostname().replaceAll(/[^A-Za-z0-9-]/g, '-'),
    root: layout.root,
    paths: [
      'ompay.yml',
      'checklists',
      'secrets',
      relative(layout.root, hooksFolder(layout)),
      relative(layout.root, layout.logs),
      ...own,
    ],
    workFolder: join(deps.workFolder, 'redis'),
    redis: await deps.redis(),
    clock,
  };
}
