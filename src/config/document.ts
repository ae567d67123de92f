import type { Key } from './key.ts';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS } from './schema.ts';

const INTRODUCTION = `# The API's environment

<!-- Made from src/config/schema.ts. \`npx vitest run tests/config -u\` writes it anew. -->

The API reads these variables once, at its start. When any is missing or wrong it does not start, and names every one
of them with the value seen and what is allowed (exit code 2). An empty variable counts as absent.

In production: \`APP_DEBUG=true\`, an http \`APP_URL\` and \`DB_CONNECTION=pglite\` are refused.

Make an application key:

\`\`\`
node -e "console.log('base64:' + require('node:crypto').randomBytes(32).toString('base64'))"
\`\`\`

Limit named: the API sends no mail: \`MAIL_*\` is for the message to the team alone.
`;

const OPERATOR_INTRODUCTION = `## The operator's own

\`ompay\` reads these from the same \`.env\`; the API never gets them, and changing them makes no new release. Without any
of them the team is not told, and the check that it was stays unknown (docs/report.md).
`;

/** docs/config.md, whole; a test fails when the file is stale. */
export function renderConfigDocument(): string {
  return `${INTRODUCTION}\n${renderTable(ENVIRONMENT_KEYS)}\n${OPERATOR_INTRODUCTION}\n${renderTable(OPERATOR_KEYS)}`;
}

function renderTable(keys: Readonly<Record<string, Key<unknown>>>): string {
  const head = ['| name | allowed | default | required in | meaning |', '|---|---|---|---|---|'];
  return `${[...head, ...Object.values(keys).map(renderRow)].join('\n')}\n`;
}

function renderRow(key: Key<unknown>): string {
  const name = `\`${key.name}\`${key.secret ? ' (secret)' : ''}`;
  const allowed = key.unit === null ? key.allowed : `${key.allowed}, ${key.unit}`;
  const fallback = key.fallback === null ? '' : `\`${key.fallback}\``;
  return `| ${name} | ${allowed} | ${fallback} | ${key.requiredIn.join(', ')} | ${key.doc} |`;
}
