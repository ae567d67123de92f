import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { billOfMaterials, bundledPackages } from '../../../src/deploy/ship/bill-of-materials.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';

const LOCK = {
  packages: {
    '': { name: 'ompay', version: '0.1.0' },
    'node_modules/pg': {
      version: '8.23.1',
      integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`,
      license: 'MIT',
    },
    'node_modules/@scope/part': { version: '2.0.0', integrity: 'sha1-AAAA', license: '(MIT OR Apache-2.0)' },
    'node_modules/pg/node_modules/deep': { version: '3.0.0' },
  },
};
const RUNTIME = {
  sha256: 'ab'.repeat(32),
  version: '24.21.0',
  platform: 'linux-x64',
  path: '/node',
  sizeBytes: 1,
};
const INPUTS = [
  'src/api/main.ts',
  'node_modules/pg/lib/index.js',
  'node_modules/pg/lib/client.js',
  '../elsewhere/node_modules/@scope/part/a.js',
  'node_modules/pg/node_modules/deep/index.js',
];

function root(lock: object = LOCK, name = 'package-lock.json'): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, name), JSON.stringify(lock));
  return folder;
}

test('each package whose source is in a bundle is named once, with its version and hash', () => {
  const packages = bundledPackages(INPUTS, root());
  expect(packages.map(({ name, version }) => `${name} ${version}`)).toEqual([
    '@scope/part 2.0.0',
    'deep 3.0.0',
    'pg 8.23.1',
  ]);
  expect(bundledPackages(INPUTS, root(LOCK, 'node_modules/.package-lock.json'))).toEqual(packages);
  expect(bundledPackages(['src/a.ts'], temporaryFolder())).toEqual([]);
});

test('a package that the lock file does not know is a fault, and so is no lock file', () => {
  expect(() => bundledPackages(['node_modules/other/a.js'], root())).toThrow(
    'does not know node_modules/other',
  );
  expect(() => bundledPackages(INPUTS, temporaryFolder())).toThrow('there is no package-lock.json');
});

test('the bill has what CycloneDX 1.6 requires, and every reference leads somewhere', () => {
  const text = billOfMaterials({
    version: '0.1.0',
    packages: bundledPackages(INPUTS, root()),
    runtime: RUNTIME,
  });
  const bill = JSON.parse(text);
  expect(bill).toMatchObject({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: 'ompay', version: '0.1.0' } },
  });
  expect(bill.components).toHaveLength(4);
  for (const component of bill.components) {
    expect(['library', 'platform']).toContain(component.type);
    for (const name of ['name', 'version', 'purl', 'bom-ref']) expect(component[name]).toMatch(/\S/);
    for (const { alg, content } of component.hashes ?? [])
      expect(content).toMatch(alg === 'SHA-512' ? /^[0-9a-f]{128}$/ : /^[0-9a-f]{64}$/);
  }
  const references = bill.components.map((component: { 'bom-ref': string }) => component['bom-ref']);
  expect(new Set(references).size).toBe(references.length);
  expect(bill.dependencies[0].dependsOn).toEqual(references);
  expect(bill.components[0]).toEqual({
    type: 'library',
    'bom-ref': 'pkg:npm/%40scope/part@2.0.0',
    group: '@scope',
    name: 'part',
    version: '2.0.0',
    licenses: [{ expression: '(MIT OR Apache-2.0)' }],
    purl: 'pkg:npm/%40scope/part@2.0.0',
  });
});
