import { Command } from 'commander';
import { withProvisioner } from '../../src/cli/kit/provisioner.ts';
import { runOperation } from '../../src/cli/operation.ts';
import { environmentNamed, readProject } from '../../src/config/yml/project.ts';
import { systemClock } from '../../src/core/clock.ts';
import { localLayout } from '../../src/core/layout.ts';
import { TRAPS } from './traps.ts';

/** `ompay provision` of one host with a role that is a trap: for the bench and the test that look whether anybody gets in again. */
const [root = '', host = '', trap = '', guard = '15'] = process.argv.slice(2);
const role = TRAPS[trap];
if (role === undefined) throw new RangeError(`no trap is named ${trap}`);

const invocation = {
  command: new Command(),
  args: [],
  layout: localLayout(root),
  programRoot: root,
  version: '0',
  clock: systemClock,
  output: {
    json: true,
    isTerminal: false,
    write: (text: string) => {
      process.stdout.write(text);
    },
    outliveReader: () => {},
  },
  environment: process.env,
  signal: new AbortController().signal,
};
const config = environmentNamed(readProject(invocation.layout), 'lab');
const choices = { roles: [role], hosts: [host], guardSeconds: Number(guard), waitSeconds: 60 };
process.exitCode = await runOperation(
  invocation,
  { command: 'provision', title: trap, input: { trap }, handlers: () => ({}) },
  (operation) =>
    withProvisioner(invocation, { config, choices }, async (provisioner) => {
      await provisioner.provision(operation);
      return { exitCode: 0, summary: trap, data: {} };
    }),
);
