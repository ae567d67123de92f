import { describe, expect, test } from 'vitest';
import { OmpayError } from '../../src/core/errors.ts';
import { lookFailure, provisionFailure } from '../../src/provision/failures.ts';
import type { HostOutcome } from '../../src/provision/provision.ts';

const failed = (code: OmpayError['code'], message: string) =>
  new OmpayError(code, message, { hint: 'a hint' });
const outcome = (host: string, failure?: HostOutcome['failure']): HostOutcome => ({
  host,
  predicted: [],
  unpredicted: [],
  ...(failure === undefined ? {} : { failure }),
});

describe('hosts that cannot be looked at', () => {
  test('are all named, with those that nothing was changed on; the first gives the exit code', () => {
    const down = failed('hostUnreachable', 'looking at web1: web1 (debian@10.0.0.1:22) does not answer');
    const denied = failed('accessDenied', 'looking at db1: no sudo');
    expect(
      lookFailure(
        new Map([
          ['web1', down],
          ['db1', denied],
        ]),
        ['lb', 'web2'],
      ),
    ).toMatchObject({
      code: 'hostUnreachable',
      message: expect.stringMatching(
        /^looking at web1: .*; looking at db1: no sudo; nothing was changed on lb, web2$/,
      ),
      hint: 'a hint',
    });
  });

  test('a bug is not made a fault of the world', () => {
    const bug = new TypeError('x');
    expect(lookFailure(new Map([['web1', bug]]), [])).toBe(bug);
  });
});

describe('hosts whose provisioning failed', () => {
  const broken = {
    error: failed('commandFailed', 'could not install nginx on web1: locked'),
    plan: 'web1/packages',
    undoFailed: [],
  };

  test('none is no failure', () => {
    expect(provisionFailure([outcome('web1'), outcome('db1')])).toBeUndefined();
  });

  test('one leaves the others done, and its role is put back: exit code 5', () => {
    expect(provisionFailure([outcome('web1', broken), outcome('db1')])).toMatchObject({
      code: 'rolledBack',
      exitCode: 5,
      message: 'web1/packages: could not install nginx on web1: locked; db1 is as declared',
    });
  });

  test('what could not be undone is named: exit code 6', () => {
    const stuck = { ...broken, undoFailed: ['web1.ssh.arm'] };
    expect(provisionFailure([outcome('web1', stuck)])).toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('could not be undone: web1.ssh.arm'),
    });
  });

  test('an interruption keeps its own exit code, and what comes back after each round is drift', () => {
    const interrupted = { ...broken, error: failed('interrupted', 'interrupted by SIGINT') };
    expect(provisionFailure([outcome('web1', interrupted)])).toMatchObject({ exitCode: 130 });
    const drift = { ...broken, error: failed('drift', 'web1 is not as declared') };
    expect(provisionFailure([outcome('web1', drift)])).toMatchObject({ exitCode: 8 });
  });
});
