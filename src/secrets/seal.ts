import type { Recipient } from '../config/yml/environment.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Identity } from './identity.ts';

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

/** Armored (age-encryption.org/v1, RFC 7468), so that the repository keeps it as text. */
export async function seal(text: Secret, recipients: readonly Recipient[]): Promise<string> {
  if (recipients.length === 0) {
    throw new OmpayError(
      'configInvalid',
      'the environment has no recipients: nobody could open its secrets',
      {
        hint: 'write recipients: { YOU: age1… } into ompay.yml; age-keygen -y prints your age1…',
      },
    );
  }
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const { recipient } of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new OmpayError('configInvalid', `${recipient} is no age recipient: ${messageOf(error)}`, {
        hint: 'correct it in recipients of ompay.yml; age-keygen -y prints it from the private key',
        cause: error,
      });
    }
  }
  return armor.encode(await encrypter.encrypt(text.reveal()));
}

/** Armored or not. Throws `configInvalid` when the identity opens it not, or it is damaged. */
export async function unseal(sealed: Uint8Array, path: string, identity: Identity): Promise<Secret> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity.key.reveal());
  try {
    const text = Buffer.from(sealed).toString('latin1').trimStart();
    const file = text.startsWith(ARMOR) ? armor.decode(text) : sealed;
    return new Secret(await decrypter.decrypt(file, 'text'));
  } catch (error) {
    throw new OmpayError(
      'configInvalid',
      `${path} does not open with ${identity.from}: ${messageOf(error)}`,
      {
        hint: 'let someone who can open it add your recipient to ompay.yml and type: ompay secrets rotate -e ENVIRONMENT',
        cause: error,
      },
    );
  }
}
