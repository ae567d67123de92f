import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Layout, localLayout } from '../../../src/core/layout.ts';
import { openSigningKey, publicKeyPath, signingKeyPath } from '../../../src/deploy/ship/signing.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

function emptyLayout(): Layout {
  const layout = localLayout(temporaryFolder());
  mkdirSync(layout.keys, { recursive: true });
  return layout;
}

test('a key is made once, 0600, with its public half beside it; openssl verifies what it signs', () => {
  const layout = emptyLayout();
  const key = openSigningKey(layout);
  expect(statSync(signingKeyPath(layout)).mode & 0o777).toBe(0o600);
  expect(readFileSync(publicKeyPath(layout), 'utf8')).toBe(key.publicPem);
  expect(openSigningKey(layout).publicPem).toBe(key.publicPem);

  const [bytes, signature] = [join(layout.root, 'manifest.json'), join(layout.root, 'manifest.sig')];
  writeFileSync(bytes, '{}');
  writeFileSync(signature, key.sign(Buffer.from('{}')));
  const publicKey = ['-verify', '-pubin', '-inkey', publicKeyPath(layout), '-rawin'];
  const said = execFileSync('openssl', ['pkeyutl', ...publicKey, '-in', bytes, '-sigfile', signature]);
  expect(said.toString()).toContain('Signature Verified Successfully');
});

test("a pipeline's own key is used, and its public half written", () => {
  const layout = emptyLayout();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(signingKeyPath(layout), pem, { mode: 0o600 });
  expect(openSigningKey(layout).publicPem).toBe(publicKey.export({ type: 'spki', format: 'pem' }));
});

test('a key that others can read, of another kind or damaged is refused, and never shown', async () => {
  const layout = emptyLayout();
  openSigningKey(layout);
  chmodSync(signingKeyPath(layout), 0o644);
  expect(await ompayErrorOf(() => openSigningKey(layout))).toMatchObject({
    code: 'configInvalid',
    hint: expect.stringMatching(/^chmod 600 /),
  });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const pem of [privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'c2VjcmV0']) {
    writeFileSync(signingKeyPath(layout), pem);
    chmodSync(signingKeyPath(layout), 0o600);
    const error = await ompayErrorOf(() => openSigningKey(layout));
    expect(error.code).toBe('configInvalid');
    expect(`${error.message}${error.stack}`).not.toContain('c2VjcmV0');
  }
});
