import { packages, running } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Role } from '../role.ts';

/** Money has a time: signatures, tokens and the order of transfers are judged by the clock. */
export const timeRole: Role<HostInput> = {
  name: 'time',
  guard: null,
  isOn: () => true,
  notes: ({ facts }) => (facts.isContainer ? ['no time sync: the clock is that of the machine below'] : []),
  resources: ({ facts }) => {
    if (facts.isContainer) return [];
    const unit = facts.family === 'debian' ? 'chrony.service' : 'chronyd.service';
    return [...packages('chrony'), running(unit)];
  },
};
