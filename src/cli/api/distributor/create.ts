import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { createDistributor } from '../../../api/accounts/distributor.ts';
import { OmpayError } from '../../../core/errors.ts';
import { Secret } from '../../../core/secret.ts';
import { hasOption, type Invocation, textOption } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { note } from '../../operation.ts';

const MAX_PASSWORD_BYTES = 1024;

export function configure(command: Command): void {
  command
    .requiredOption('--phone <number>', 'nine digits, for example 771234567')
    .requiredOption('--name <text>', 'who it is')
    .requiredOption('--float <xof>', 'the money to begin with, in whole francs')
    .option('--password-stdin', 'read the password from stdin (default: one is made and printed once)');
}

export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const floatXof = wholeFrancs(textOption(command, 'float') ?? '');
  const given = hasOption(command, 'passwordStdin') ? await readPassword() : undefined;
  const password = given ?? new Secret(randomBytes(12).toString('base64url'));
  const request = {
    telephone: textOption(command, 'phone') ?? '',
    nom: textOption(command, 'name') ?? '',
    password,
    floatXof,
  };
  const made = await withApi(layout, clock, (kit) => createDistributor(kit, request));
  if (made.created)
    note(invocation, `distributor ${made.numero} created`, { account: made.numero, floatXof });
  // Printed once, to the person who asked: it is kept nowhere but as its hash.
  const shownPassword = made.created && given === undefined ? { password: password.reveal() } : {};
  if (output.json) output.write(`${JSON.stringify({ ...made, floatXof, ...shownPassword })}\n`);
  else if (made.created) {
    const line = given === undefined ? `  password  ${password.reveal()}   (shown once)\n` : '';
    output.write(
      `distributor made\n  phone     ${made.telephone}\n  account   ${made.numero}\n  float     ${floatXof} FCFA\n${line}`,
    );
  } else
    output.write(
      `${made.telephone} is a distributor already (account ${made.numero}); its password and float were left as they are\n`,
    );
  return 0;
}

function wholeFrancs(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new OmpayError(
    'usage',
    `--float must be a whole number of francs above 0, seen ${JSON.stringify(text)}`,
    { hint: '--float 1000000' },
  );
}

async function readPassword(): Promise<Secret> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > MAX_PASSWORD_BYTES)
      throw new OmpayError('usage', 'the password on stdin is longer than 1024 bytes', {
        hint: 'printf %s "$PASSWORD" | ompay api distributor create … --password-stdin',
      });
  }
  return new Secret(text.replace(/\r?\n$/, ''));
}
