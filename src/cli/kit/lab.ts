import { mkdirSync } from 'node:fs';
import { OmpayError } from '../../core/errors.ts';
import { assertOwnFolder } from '../../core/files.ts';
import type { Layout } from '../../core/layout.ts';
import { dropOwnership, takeOwnership } from '../../core/ownership.ts';
import { labFiles } from '../../lab/names.ts';
import { readRecord } from '../../lab/record.ts';
import type { Lab, LabHost } from '../../lab/types.ts';

/** Runs `work` while no other process makes or ends this installation's lab. Throws `lockHeld` at once. */
export async function owningLab<T>(layout: Layout, work: () => Promise<T>): Promise<T> {
  const { owner } = labFiles(layout);
  mkdirSync(layout.state, { recursive: true, mode: 0o700 });
  assertOwnFolder(layout.state);
  const other = takeOwnership(owner);
  if (other !== undefined) {
    throw new OmpayError('lockHeld', `process ${other.pid} is making or ending this lab`, {
      hint: 'wait for it to end: ompay lab status',
    });
  }
  try {
    return await work();
  } finally {
    dropOwnership(owner);
  }
}

/** Throws `notFound` when this installation has no lab. */
export function currentLab(layout: Layout): Lab {
  const lab = readRecord(labFiles(layout));
  if (lab !== undefined) return lab;
  throw new OmpayError('notFound', `there is no lab of ${layout.root}`, { hint: 'ompay lab up' });
}

/** Throws `notFound` with the names that there are. */
export function hostNamed(lab: Lab, name: string): LabHost {
  const host = lab.hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  const names = lab.hosts.map((each) => each.name).join(', ');
  throw new OmpayError('notFound', `the lab has no host ${JSON.stringify(name)}; it has ${names}`, {
    hint: 'ompay lab status',
  });
}
