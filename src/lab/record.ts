import { existsSync, readFileSync } from 'node:fs';
import { OmpayError } from '../core/errors.ts';
import { readJson } from '../core/json.ts';
import type { LabFiles } from './names.ts';
import { DISTRIBUTIONS, type Distribution, type Lab } from './types.ts';

/** The lab as its first `up` decided it, undefined when there is none. Throws `stateUnusable` for a record that cannot be read. */
export function readRecord(files: LabFiles): Lab | undefined {
  if (!existsSync(files.record)) return undefined;
  const reader = readJson(readFileSync(files.record), {
    what: files.record,
    code: 'stateUnusable',
    hint: 'end the lab and make it again: ompay lab down, then ompay lab up',
  });
  const distribution = distributionIn(reader.text('distribution'));
  return {
    id: reader.text('id'),
    distribution,
    subnet: reader.whole('subnet'),
    disks: reader.text('disks') === 'copy' ? 'copy' : 'overlay',
    mirrors: {
      main: reader.object('mirrors').text('main'),
      security: reader.object('mirrors').text('security'),
    },
    hosts: reader.list('hosts', (host) => ({
      name: host.text('name'),
      index: host.whole('index'),
      address: host.text('address'),
      // One that was made when all hosts of a lab had the same.
      distribution: host.has('distribution') ? distributionIn(host.text('distribution')) : distribution,
    })),
  };
}

export function recordText(lab: Lab): string {
  return `${JSON.stringify(lab, undefined, 2)}\n`;
}

/** Throws `usage` for one that no base image can be made of. */
export function distributionIn(text: string): Distribution {
  const distribution = DISTRIBUTIONS.find((each) => each === text);
  if (distribution !== undefined) return distribution;
  throw new OmpayError(
    'usage',
    `no lab is made of ${JSON.stringify(text)}, but of ${DISTRIBUTIONS.join(', ')}`,
    {
      hint: 'ompay lab up --distribution bookworm',
    },
  );
}
