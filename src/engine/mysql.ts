import type { Engine } from './engine.ts';
import { bootMysql } from './mysql/boot.ts';
import { captureMysql } from './mysql/capture.ts';
import { reapScratch } from './mysql/server.ts';
import type { MysqlSettings } from './mysql/settings.ts';

/** MySQL 9.7: copied by CLONE over the network into a folder of this machine, where mysqld of the same series is. */
export function mysqlEngine(settings: MysqlSettings): Engine {
  return {
    name: 'mysql',
    capture: (request, archive) => captureMysql(settings, request, archive),
    boot: (folder, request) => bootMysql(settings, folder, request),
    reap: reapScratch,
  };
}
