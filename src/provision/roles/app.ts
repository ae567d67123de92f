import { createHash } from 'node:crypto';
import { renderEnvironment } from '../../config/env-file.ts';
import { SERVER } from '../../core/server-layout.ts';
import { sh } from '../../shell/line.ts';
import { rootFile, rootFolder, setting } from '../declarations.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { FolderResource, Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';
import { PROGRAMS } from '../web/site.ts';
import { apiUnit, hasQueue, workerUnit } from '../web/unit.ts';

const UNITS = '/etc/systemd/system';
const LIVE_UNIT = 'ompay-live.service';

/** What a release needs of its host. Deploys bring releases, and enable and start the units of slots. */
export const appRole: Role<HostInput> = {
  name: 'app',
  guard: null,
  isOn: (input) => hasRole(input, 'web'),
  notes: ({ releaseKeyPem }) =>
    releaseKeyPem === null
      ? [
          'it trusts no key yet, so it takes no release: provision again once there is .ompay/keys/release.pub',
        ]
      : [],
  resources: (input) => [
    { kind: 'user', name: SERVER.user, home: '/nonexistent', shell: '/usr/sbin/nologin', groups: [] },
    ...folders(),
    ...trust(input),
    rootFile({
      path: SERVER.environment,
      content: renderEnvironment(input.config, input.secrets),
      mode: 0o600,
    }),
    ...programs(input),
    { kind: 'unit', name: LIVE_UNIT, isEnabled: true, isActive: null },
  ],
};

function folders(): readonly FolderResource[] {
  const own = { kind: 'folder', owner: SERVER.user, group: SERVER.user, mode: 0o750 } as const;
  return [
    ...['/opt/ompay', SERVER.releases, SERVER.runtimes, SERVER.agents, SERVER.slots].map((path) =>
      rootFolder(path),
    ),
    ...['/etc/ompay', '/etc/ompay/slots', SERVER.state, PROGRAMS].map((path) => rootFolder(path)),
    { ...own, path: SERVER.run },
    { ...own, path: SERVER.logs },
  ];
}

/** Of a key that is not trusted any more nothing stays: it could sign a release. */
function trust({ releaseKeyPem }: HostInput): readonly Resource[] {
  const name = releaseKeyPem === null ? null : `release-${fingerprint(releaseKeyPem)}.pem`;
  const others = sh`find ${SERVER.trustedKeys} -mindepth 1 ${name === null ? sh`` : sh`! -name ${name}`}`;
  return [
    rootFolder(SERVER.trustedKeys),
    ...(name === null || releaseKeyPem === null
      ? []
      : [rootFile({ path: `${SERVER.trustedKeys}/${name}`, content: releaseKeyPem })]),
    setting({
      name: 'releases of no other key are taken',
      holds: sh`[ -z "$(${others} 2>/dev/null)" ]`,
      apply: sh`${others} -delete`,
    }),
  ];
}

function fingerprint(pem: string): string {
  return createHash('sha256').update(pem).digest('hex').slice(0, 16);
}

function programs(input: HostInput): readonly Resource[] {
  const worker = `${UNITS}/ompay-worker@.service`;
  return [
    rootFile({ path: '/etc/tmpfiles.d/ompay.conf', content: template('tmpfiles/ompay.conf') }),
    rootFile({ path: `${PROGRAMS}/live`, content: template('systemd/live.sh'), mode: 0o755 }),
    rootFile({ path: `${UNITS}/${LIVE_UNIT}`, content: template('systemd/ompay-live.service') }),
    rootFile({ path: `${UNITS}/ompay-api@.service`, content: apiUnit(input) }),
    // The agent starts workers where their unit is there.
    hasQueue(input)
      ? rootFile({ path: worker, content: workerUnit(input) })
      : { kind: 'absent', path: worker },
  ];
}
