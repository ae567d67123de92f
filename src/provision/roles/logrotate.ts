import { SETTINGS } from '../../config/yml/settings.ts';
import { packages, rootFile, running } from '../declarations.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';
import { nginxOf } from '../web/nginx-version.ts';

/** Logs of services are kept as long as ompay.yml says. The API keeps its own files by itself (LOG_DAYS, LOG_MAX_MB). */
export const logrotateRole: Role<HostInput> = {
  name: 'logrotate',
  guard: null,
  isOn: () => true,
  resources: (input) => [
    ...packages('logrotate'),
    ...(hasRole(input, 'web')
      ? [
          rootFile({
            path: '/etc/logrotate.d/nginx',
            content: template('logrotate/nginx', {
              DAYS: String(input.config.value(SETTINGS.retentionLogDays) ?? 0),
              USER: nginxOf(input.facts).user,
            }),
          }),
        ]
      : []),
    running('logrotate.timer'),
  ],
};
