import { expect, test } from 'vitest';
import {
  mirrorServers,
  mirrorsFor,
  readSourcesList,
  readSourcesStanzas,
  sourcesList,
} from '../../src/lab/mirrors.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const STANZAS = `Types: deb
# a comment between fields
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb deb-src
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
 contrib

Types: deb
Enabled: no
URIs: http://old.example/debian
Suites: bookworm
Components: main
`;

const LIST = `# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/docker.gpg] https://docker.example/linux bookworm stable
deb-src http://source.example/debian bookworm main
deb http://list.example/debian bookworm main contrib # and a comment
`;

test('deb822 stanzas are read, those that are off are not', () => {
  expect(readSourcesStanzas(STANZAS)).toEqual([
    { uri: 'http://mirror.example/debian', suites: ['bookworm', 'bookworm-updates'], components: ['main'] },
    {
      uri: 'http://mirror.example/debian-security/',
      suites: ['bookworm-security'],
      components: ['main', 'contrib'],
    },
  ]);
});

test('lines are read, comments and sources of sources are not', () => {
  expect(readSourcesList(LIST)).toEqual([
    { uri: 'https://docker.example/linux', suites: ['bookworm'], components: ['stable'] },
    { uri: 'http://list.example/debian', suites: ['bookworm'], components: ['main', 'contrib'] },
  ]);
});

test("the machine's own archive is taken, not one of other packages for the same distribution", () => {
  expect(mirrorsFor(['trixie'], readSourcesList(LIST), undefined)).toEqual({
    main: 'http://list.example/debian',
    security: '',
  });
});

test('security updates have an archive of their own, but for sid', () => {
  const sources = readSourcesStanzas(STANZAS);
  const mirrors = mirrorsFor(['bookworm'], sources, undefined);
  expect(sourcesList('bookworm', mirrors)).toBe(
    'deb http://mirror.example/debian bookworm main\ndeb http://mirror.example/debian-security bookworm-security main\n',
  );
  expect(sourcesList('sid', mirrors)).toBe('deb http://mirror.example/debian sid main\n');
  expect(mirrorsFor(['sid'], sources, undefined).security).toBe('');
  expect(mirrorsFor(['sid', 'bookworm'], sources, undefined)).toEqual(mirrors);
});

test('a mirror that was named goes before that of the machine', () => {
  expect(
    mirrorsFor(['bookworm'], readSourcesStanzas(STANZAS), 'https://other.example:8443/debian/'),
  ).toMatchObject({
    main: 'https://other.example:8443/debian',
  });
});

test.each([
  [[], undefined, 'name no Debian archive'],
  [
    [{ uri: 'http://archive.example/ubuntu', suites: ['jammy'], components: ['main'] }],
    undefined,
    'name no Debian archive',
  ],
  [[], 'ftp://old.example/debian', 'is not an http address'],
  [[], 'http://', 'is not an http address'],
])('without an archive that can be used the hint is --mirror: %j, %s', async (sources, chosen, message) => {
  expect(await ompayErrorOf(() => mirrorsFor(['bookworm'], sources, chosen))).toMatchObject({
    code: 'configInvalid',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('--mirror'),
  });
});

test('a server is named once, with the port of its scheme', () => {
  expect(mirrorServers({ main: 'http://a.example/debian', security: 'http://a.example/security' })).toEqual([
    { host: 'a.example', port: 80 },
  ]);
  expect(mirrorServers({ main: 'https://a.example/debian', security: 'http://b.example:3142/s' })).toEqual([
    { host: 'a.example', port: 443 },
    { host: 'b.example', port: 3142 },
  ]);
});
