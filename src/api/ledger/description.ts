import { hash, randomBytes } from 'node:crypto';
import type { DescriptionSealRow } from '../db/schema.ts';

const SALT_BYTES = 16;

export type DescriptionSeal = Pick<DescriptionSealRow, 'salt' | 'digest'>;

/** Without it, nobody can try what a short text may have been. */
export function newSalt(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

/** @param salt a new one for each. */
export function sealDescription(description: string, salt: string): DescriptionSeal {
  return { salt, digest: digestOf(salt, description) };
}

/** Whether it is the description that was sealed. Nothing erases descriptions yet, so one that is gone is not. */
export function isSealed({ salt, digest }: DescriptionSeal, description: string | null): boolean {
  return salt !== null && description !== null && digestOf(salt, description) === digest;
}

function digestOf(salt: string, description: string): string {
  return hash('sha256', `${salt}:${description}`);
}
