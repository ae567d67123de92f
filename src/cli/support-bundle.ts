import { resolve } from 'node:path';
import type { Command } from 'commander';
import { environmentNamed, LOCAL, readProject } from '../config/yml/project.ts';
import { isoTime } from '../core/clock.ts';
import { diskRefusal } from '../core/disk.ts';
import { writeFileAtomic } from '../core/files.ts';
import { shownSize } from '../core/units.ts';
import { type Document, packBundle } from '../support/bundle.ts';
import { type Invocation, textOption } from './command.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { withFleet } from './kit/fleet-hosts.ts';
import { knownSecrets } from './kit/known-secrets.ts';
import { environmentDocument, hostDocuments, localDocuments } from './kit/support-documents.ts';
import { note } from './operation.ts';
import { table } from './render.ts';

export function configure(command: Command): void {
  environmentOption(command).option(
    '--output <path>',
    'where to write it (default: here, named by the time)',
  );
}

/** Writes one archive (0600) with what helps to find a fault, masked twice, and says what is in it. Changes nothing else. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, output } = invocation;
  const environment = environmentName(invocation);
  const nowMs = clock.now();
  const secrets = await knownSecrets(invocation, environment);
  const remote = environment === LOCAL ? [] : await fleetDocuments(invocation, environment);
  const documents = [...(await localDocuments(invocation)), ...remote];
  const { bytes, contents } = await packBundle({ documents, secrets, nowMs });
  const stamp = isoTime(nowMs).replaceAll(/[:.]/g, '-');
  const path = resolve(textOption(command, 'output') ?? `ompay-support-${stamp}.tar.gz`);
  try {
    writeFileAtomic(path, bytes, 0o600);
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
  note(invocation, `support bundle of ${environment}: ${contents.length} documents`, { path, environment });
  if (output.json) output.write(`${JSON.stringify({ path, sizeBytes: bytes.length, contents })}\n`);
  else {
    output.write(
      table([
        { title: 'FILE', values: contents.map((each) => each.path) },
        { title: 'SIZE', values: contents.map(({ sizeBytes }) => shownSize(sizeBytes)) },
        { title: 'WHAT', values: contents.map(({ about }) => about) },
      ]),
    );
    output.write(
      `\n${path} (${shownSize(bytes.length)}, for this user alone). Look at it before you send it.\n`,
    );
  }
  return 0;
}

async function fleetDocuments(invocation: Invocation, environment: string): Promise<readonly Document[]> {
  const config = environmentNamed(readProject(invocation.layout), environment);
  const own = await environmentDocument(config);
  const { signal } = invocation;
  const each = await withFleet(invocation, config, {}, ({ hosts }) =>
    Promise.all(Object.values(hosts).map((host) => hostDocuments(environment, host, signal))),
  );
  signal.throwIfAborted();
  return [own, ...each.flat()];
}
