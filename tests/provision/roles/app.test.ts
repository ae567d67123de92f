import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { environmentNamed, parseProject } from '../../../src/config/yml/project.ts';
import { Secret } from '../../../src/core/secret.ts';
import { familyNamed } from '../../../src/provision/facts.ts';
import type { HostInput } from '../../../src/provision/input.ts';
import { appRole } from '../../../src/provision/roles/app.ts';
import { contentAt, fileAt, settingNamed } from '../../fixtures/declared.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { provisionInput } from '../../fixtures/provision-input.ts';

const UNIT = '/etc/systemd/system/ompay-api@.service';
const WORKER = '/etc/systemd/system/ompay-worker@.service';

function resourcesOf(change: Partial<HostInput> = {}) {
  return appRole.resources(provisionInput('web1', change), familyNamed('debian'));
}

function configWith(lines: string) {
  const yml = `
environments:
  staging:
    app: { environment: staging, url: https://staging.ompay.sn }
    database: { connection: mysql, host: 10.0.0.21 }
    hosts:
      web1: { address: 10.0.0.11, roles: [web] }
      redis1: { address: 10.0.0.31, roles: [redis] }
${lines}`;
  return environmentNamed(parseProject('/ompay.yml', [{ name: 'ompay.yml', text: yml }]), 'staging');
}

test('the unit of a slot has a sandbox, and of the files only its own', async () => {
  await expect(contentAt(resourcesOf(), UNIT)).toMatchFileSnapshot(
    '../../goldens/provision/ompay-api@.service',
  );
});

test('the process reaches its database and nothing else, unless something of it leads out', () => {
  const own = contentAt(resourcesOf({ config: configWith(''), secrets: new Map() }), UNIT);
  expect(own).toContain('IPAddressAllow=localhost 10.0.0.21\n');
  const gateway = configWith('    variables: { SMS_GATEWAY_URL: https://sms.example.sn }');
  expect(contentAt(resourcesOf({ config: gateway, secrets: new Map() }), UNIT)).not.toContain(
    'IPAddressDeny',
  );
  const named = configWith('    redis: { use: [cache], host: redis.example.sn }');
  expect(contentAt(resourcesOf({ config: named, secrets: new Map() }), UNIT)).not.toContain('IPAddressDeny');
});

test('there is a worker where messages go through Redis, and none elsewhere', () => {
  const queue = resourcesOf({ config: configWith('    redis: { use: [queue] }') });
  expect(contentAt(queue, WORKER)).toContain('/opt/ompay/slots/%i/api.mjs worker');
  expect(resourcesOf({ config: configWith('    redis: { use: [cache] }') })).toContainEqual({
    kind: 'absent',
    path: WORKER,
  });
});

test('the variables with their secrets are for root alone, and print nowhere', () => {
  const secrets = new Map([['DB_PASSWORD', new Secret('open sesame')]]);
  const file = fileAt(resourcesOf({ secrets }), '/etc/ompay/environment');
  expect(file).toMatchObject({ mode: 0o600, owner: 'root', group: 'root' });
  expect(String(file.content)).toBe('***');
  expect(contentAt(resourcesOf({ secrets }), file.path)).toContain("DB_PASSWORD='open sesame'");
});

test('of release keys that are not trusted any more nothing stays', () => {
  const folder = temporaryFolder();
  const run = (line: string): string =>
    execFileSync('sh', ['-c', line.replaceAll('/etc/ompay/trust', folder)], { encoding: 'utf8' });
  const resources = resourcesOf({ releaseKeyPem: 'a key\n' });
  const keys = resources.flatMap((each) =>
    each.kind === 'file' && each.content === 'a key\n' ? [each.path] : [],
  );
  const trusted = keys[0]?.split('/').at(-1);
  const { holds, apply } = settingNamed(resources, 'of no other key');
  run(`touch /etc/ompay/trust/${trusted} /etc/ompay/trust/release-of-before.pem`);
  expect(() => run(holds.text)).toThrow();
  run(apply.text);
  run(holds.text);
  expect(run('ls /etc/ompay/trust')).toBe(`${trusted}\n`);
});

test('without a key it says that it takes no release', () => {
  expect(appRole.notes?.(provisionInput('web1'))).toEqual([expect.stringContaining('it trusts no key yet')]);
});
