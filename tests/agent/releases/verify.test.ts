import {
  appendFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyRelease } from '../../../src/agent/releases/verify.ts';
import type { ReleaseManifest } from '../../../src/core/release-manifest.ts';
import { releaseDigest } from '../../../src/core/release-manifest.ts';
import { type ServerFolder, serverFolder } from '../../fixtures/server-folder.ts';
import { type TestKey, testKey, writeRelease, writeSignedManifest } from '../../fixtures/signed-release.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

const CONTENTS = { 'api.mjs': 'serve()', 'ops.mjs': 'migrate()', 'sbom.cdx.json': '{}' };

interface Shipped extends ServerFolder {
  readonly key: TestKey;
  readonly manifest: ReleaseManifest;
  readonly folder: string;
}

function shipped(): Shipped {
  const key = testKey();
  const server = serverFolder(key.publicPem);
  const manifest = writeRelease(server.places, { contents: CONTENTS, key });
  return { ...server, key, manifest, folder: join(server.places.releases, manifest.id) };
}

test('a release that is as it was signed is verified, also before it has its name', () => {
  const { folder, places, manifest } = shipped();
  expect(verifyRelease(folder, places)).toEqual(manifest);
  renameSync(folder, join(places.releases, '.part'));
  expect(verifyRelease(join(places.releases, '.part'), places, manifest.id)).toEqual(manifest);
});

test('any of several trusted keys may have signed; a file that holds none is no hindrance', () => {
  const { folder, places } = shipped();
  writeFileSync(join(places.trustedKeys, 'a-other.pem'), testKey().publicPem);
  writeFileSync(join(places.trustedKeys, 'b-empty.pem'), '');
  expect(verifyRelease(folder, places).files).toHaveLength(3);
});

const TAMPERINGS: Readonly<Record<string, [(release: Shipped) => void, RegExp]>> = {
  'no signature': [({ folder }) => unlinkSync(join(folder, 'manifest.sig')), /is not signed/],
  'half a signature': [
    ({ folder }) => truncateSync(join(folder, 'manifest.sig'), 32),
    /a signature of 32 bytes, not 64/,
  ],
  'another key': [
    ({ folder, manifest }) => writeSignedManifest(folder, manifest, testKey()),
    /is signed by none of the 1 keys/,
  ],
  'no trusted key': [
    ({ places }) => rmSync(places.trustedKeys, { recursive: true }),
    /is signed by none of the 0 keys/,
  ],
  'a trusted file that is no key': [
    ({ places }) => writeFileSync(join(places.trustedKeys, 'release.pem'), 'nothing'),
    /none of the 0 keys in .*, and release.pem cannot be used as one/,
  ],
  'a manifest changed after signing': [
    ({ folder }) => appendFileSync(join(folder, 'manifest.json'), ' '),
    /is signed by none/,
  ],
  'a signed manifest of another release': [
    ({ folder, manifest, key }) => {
      const files = manifest.files.slice(1);
      const digest = releaseDigest({ ...manifest, files });
      writeSignedManifest(folder, { ...manifest, files, sha256: digest, id: digest.slice(0, 12) }, key);
    },
    /holds what is named/,
  ],
  'a manifest whose hashes are not its identity': [
    ({ folder, manifest, key }) =>
      writeSignedManifest(folder, { ...manifest, files: manifest.files.slice(1) }, key),
    /holds what is named/,
  ],
  'a manifest of a later format': [
    ({ folder, manifest, key }) => writeSignedManifest(folder, { ...manifest, format: 2 }, key),
    /a manifest of format 2, and this agent knows 1/,
  ],
  'a signed manifest that is none': [
    ({ folder, key }) => writeSignedManifest(folder, { id: 1 }, key),
    /cannot be understood/,
  ],
  'no manifest': [
    ({ folder }) => unlinkSync(join(folder, 'manifest.json')),
    /has no manifest.json \(ENOENT\): it was not sent whole/,
  ],
  'a file changed in place': [
    ({ folder }) => writeFileSync(join(folder, 'api.mjs'), 'evil()!'),
    /api.mjs of .* is not what was signed/,
  ],
  'a file cut short': [
    ({ folder }) => truncateSync(join(folder, 'ops.mjs'), 3),
    /ops.mjs of .* has 3 bytes, and 9 were signed/,
  ],
  'a file missing': [({ folder }) => unlinkSync(join(folder, 'api.mjs')), /lacks api.mjs/],
  'a link for a file': [
    ({ folder }) => {
      unlinkSync(join(folder, 'api.mjs'));
      symlinkSync('ops.mjs', join(folder, 'api.mjs'));
    },
    /api.mjs of .* is no file/,
  ],
  'a file that nobody signed': [
    ({ folder }) => writeFileSync(join(folder, 'evil.mjs'), ''),
    /holds evil.mjs, which nobody signed/,
  ],
  'another runtime linked': [
    ({ folder }) => {
      unlinkSync(join(folder, 'node'));
      symlinkSync('/usr/bin/env', join(folder, 'node'));
    },
    /node of .* leads to \/usr\/bin\/env/,
  ],
  'no runtime linked': [({ folder }) => unlinkSync(join(folder, 'node')), /leads to nothing/],
  'a runtime that is gone': [
    ({ places }) => rmSync(places.runtimes, { recursive: true }),
    /the runtime of .* is missing/,
  ],
  'a changed runtime': [
    ({ places, manifest }) => appendFileSync(join(places.runtimes, manifest.runtime.sha256, 'node'), '#'),
    /the runtime of .* is not what its name says/,
  ],
};

test.each(Object.entries(TAMPERINGS))('%s is refused', async (_name, [tamper, message]) => {
  const release = shipped();
  tamper(release);
  const error = await ompayErrorOf(() => verifyRelease(release.folder, release.places));
  expect(error).toMatchObject({
    code: 'releaseNotTrusted',
    exitCode: 3,
    hint: expect.stringMatching(/ompay/),
  });
  expect(error).toHaveProperty('message', expect.stringMatching(message));
});

test('a signed manifest cannot name a file outside its folder', () => {
  const { folder, places, manifest, key } = shipped();
  const files = [...manifest.files, { path: '../../../etc/shadow', sha256: '', sizeBytes: 0 }];
  const digest = releaseDigest({ ...manifest, files });
  const id = digest.slice(0, 12);
  writeSignedManifest(folder, { ...manifest, files, id, sha256: digest }, key);
  expect(() => verifyRelease(folder, places, id)).toThrow('names a file "../../../etc/shadow"');
});
