import { sh } from '../../shell/line.ts';
import { packages, rootFile, running, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

/** A stick in a server's port is not for us. A keyboard that is there when it is provisioned goes on to work. */
export const usbRole: Role<HostInput> = {
  name: 'usb',
  guard: null,
  isOn: () => true,
  notes: ({ facts }) => (facts.isContainer ? ['usbguard does not run: it has no USB of its own'] : []),
  resources: ({ facts }) => [
    ...packages('usbguard'),
    rootFile({
      path: '/etc/usbguard/usbguard-daemon.conf',
      content: template('usb/usbguard-daemon.conf'),
      mode: 0o600,
      tells: [{ unit: 'usbguard.service', how: 'restart' }],
    }),
    setting({
      name: 'the USB devices that are there are known',
      holds: sh`[ -e /etc/usbguard/rules.conf.ompay ]`,
      apply: sh`umask 077; usbguard generate-policy >/etc/usbguard/rules.conf || [ ! -d /sys/bus/usb/devices ] || [ -z "$(ls /sys/bus/usb/devices)" ]
: >>/etc/usbguard/rules.conf && : >/etc/usbguard/rules.conf.ompay`,
    }),
    ...(facts.isContainer ? [] : [running('usbguard.service')]),
  ],
};
