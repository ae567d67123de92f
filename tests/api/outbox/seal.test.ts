import { expect, test } from 'vitest';
import { deriveRing } from '../../../src/api/auth/keys.ts';
import { openBody, sealBody } from '../../../src/api/outbox/seal.ts';
import { Secret } from '../../../src/core/secret.ts';

const old = new Secret(Buffer.alloc(32, 1).toString('base64'));
const next = new Secret(Buffer.alloc(32, 2).toString('base64'));
const application = { key: old, otherKeys: [next] };
const key = deriveRing(application, 'outbox');

test('a sealed body opens under its key, and two seals of one body differ', () => {
  const sealed = sealBody(key, 'votre code est 123456');
  expect(sealed).not.toContain('123456');
  expect(sealBody(key, 'votre code est 123456')).not.toBe(sealed);
  expect(openBody(key, sealed)).toBe('votre code est 123456');
});

test('a changed byte, or the key of another purpose, opens nothing', () => {
  const bytes = Buffer.from(sealBody(key, 'bonjour'), 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  expect(() => openBody(key, bytes.toString('base64'))).toThrow();
  expect(() => openBody(deriveRing(application, 'otp'), sealBody(key, 'bonjour'))).toThrow();
});

test('while keys rotate, each process opens what the other seals', () => {
  const rotated = deriveRing({ key: next, otherKeys: [old] }, 'outbox');
  expect(openBody(key, sealBody(rotated, 'bonjour'))).toBe('bonjour');
  expect(openBody(rotated, sealBody(key, 'bonjour'))).toBe('bonjour');
  const alone = deriveRing({ key: next, otherKeys: [] }, 'outbox');
  expect(() => openBody(alone, sealBody(key, 'bonjour'))).toThrow('none of 1 keys');
});
