import type { Setting } from './setting.ts';
import { ALL_SETTINGS } from './settings.ts';

const INTRODUCTION = `# ompay.yml

<!-- Made from src/config/yml/settings.ts. \`npx vitest run tests/config/yml -u\` writes it anew. -->

The servers, and what runs on them, by environment. \`ompay init\` asks and writes a first one; it stands beside \`package.json\`
and is committed. Secrets are not in it: docs/secrets.md.

\`\`\`yaml
base:                # what every environment inherits
  database: { connection: mysql, name: ompay, user: ompay }
environments:
  staging:
    app: { environment: staging, url: https://staging.ompay.sn }
    hosts:
      web1: { address: 10.0.0.11, roles: [web] }
  production:
    inherits: staging
    app: { environment: production, url: https://api.ompay.sn }
    hosts:
      web1: { address: 10.1.0.11 }   # its roles are staging's
\`\`\`

A longer one: [tests/goldens/config/ompay.yml](../tests/goldens/config/ompay.yml), and the file of variables that its production
comes to: [production.env](../tests/goldens/config/production.env).

- **What counts**: the environment, then what it \`inherits\`, then \`base\`, then the default. It goes key by key, also within a
  host; a list is taken whole. \`null\` takes away what is inherited, with all below it: \`hosts: { web2: null }\`.
- **Names**: \`-e production\` is never implied. Without \`-e\` it is \`local\`: this machine, which \`.env\` describes and ompay.yml may
  not (docs/local.md). \`lab\` has the hosts of \`ompay lab up\` (\`.ompay/lab/environment.yml\`), on top of what ompay.yml says of it;
  it need not be in ompay.yml.
- **Looking**: \`ompay config -e staging [KEY] [--origin] [--json]\`: what it comes to, secrets masked, with who says so.
  \`--check\` exits 2 when servers could not run with it. \`--write PATH\` writes the servers' environment file, 0600.
- **Faults**: all at once, of every environment, each with line and column; exit code 2.

\`\`\`
$ ompay config -e staging database
KEY                  VALUE
database.connection  mysql
database.name        ompay
database.user        ompay
database.pool_size   10
$ ompay config -e stagin
error: there is no environment "stagin" (did you mean staging?); there is local, staging, production
\`\`\`

## Limits

- Servers are what it says once \`ompay provision -e ENV\` has made them so, and their API reads new values once \`ompay deploy -e ENV\` has
  started it anew. \`retention.backups\` and \`checks.unknown_blocks\` have no effect on servers yet.
- \`local\` takes nothing from ompay.yml, \`base\` neither.
- YAML aliases and anchors are refused; \`inherits\` and \`base\` say the same with the line where it was said.
- An address is compared as it is written (letters of either case alike): a name and its IP address count as two.
- The environment file refuses a value with a backslash, a control character, or quotes of both kinds where one of \`" $ \`\` is among
  them: systemd before 240, a shell and Node do not read these alike.

## Keys of an environment, and of \`base\`
`;

/** docs/ompay-yml.md, whole; a test fails when the file is stale. */
export function renderYmlDocument(): string {
  const head = ['| key | type | allowed | default | variable | meaning |', '|---|---|---|---|---|---|'];
  return `${INTRODUCTION}\n${[...head, ...ALL_SETTINGS.map(renderRow)].join('\n')}\n`;
}

function renderRow({ path, type, key, variable }: Setting<unknown>): string {
  const allowed = key.unit === null ? key.allowed : `${key.allowed}, ${key.unit}`;
  const fallback = key.fallback === null || path === 'app.url' ? '' : `\`${key.fallback}\``;
  const name = variable === null ? '' : `\`${variable}\``;
  return `| \`${path}\` | ${type} | ${allowed} | ${fallback} | ${name} | ${key.doc} |`;
}
